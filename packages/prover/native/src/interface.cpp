// Which interface this was built for.

#include "sero_prover.h"

int32_t sero_interface(void) { return SERO_INTERFACE; }
