#include "pippenger.hpp"

#include <atomic>
#include <cstring>

#include "memory.hpp"

namespace sero {
namespace {

constexpr unsigned SCALAR_BITS = 255;
/// References that a task adds up: enough that an inversion is cheap beside the additions, few enough for the cache.
constexpr size_t CHUNK = 4096;
/// Tasks that a thread takes at a time: they share inversions, and during one it knows the next.
constexpr size_t RUN = 4;
constexpr size_t EXPAND_CHUNK = 512;
constexpr size_t SCALAR_CHUNK = 2048;
/// More threads than this do not take part.
constexpr size_t MAX_WORKSPACES = 128;

size_t rounded(size_t bytes) { return (bytes + 63) / 64 * 64; }

/// Workspaces of equal size, one for each task that runs at a time; made when first needed.
struct Workspaces {
  size_t bytes;
  std::atomic<bool> taken[MAX_WORKSPACES];
  void* memory[MAX_WORKSPACES];

  void init(size_t size) {
    bytes = size;
    for (size_t i = 0; i < MAX_WORKSPACES; i++) {
      taken[i] = false;
      memory[i] = nullptr;
    }
  }
  /// Null where there is no memory.
  void* acquire(size_t* slot) {
    for (;;) {
      for (size_t i = 0; i < MAX_WORKSPACES; i++) {
        if (taken[i].exchange(true)) continue;
        if (memory[i] == nullptr) memory[i] = sero_alloc(bytes);
        if (memory[i] == nullptr) {
          taken[i] = false;
          return nullptr;
        }
        *slot = i;
        return memory[i];
      }
    }
  }
  void release(size_t slot) { taken[slot] = false; }
};

struct Block {
  uint8_t* memory;
  size_t bytes;
};

/// Blocks that are wiped together, a piece a task, and freed.
struct Blocks {
  static constexpr size_t PIECE = size_t{1} << 20;
  Block block[MAX_WORKSPACES + 1];
  size_t count;
  size_t pieces;

  void add(void* memory, size_t bytes) {
    if (memory == nullptr) return;
    block[count++] = {static_cast<uint8_t*>(memory), bytes};
    pieces += (bytes + PIECE - 1) / PIECE;
  }
  void wipe(size_t index) const {
    for (const Block* b = block; b < block + count; b++) {
      const size_t own = (b->bytes + PIECE - 1) / PIECE;
      if (index >= own) {
        index -= own;
        continue;
      }
      const size_t from = index * PIECE, left = b->bytes - from;
      return sero_wipe(b->memory + from, left < PIECE ? left : PIECE);
    }
  }
  void free_all() const {
    for (size_t i = 0; i < count; i++) sero_free(block[i].memory);
  }
};

/// A task and the table it is over. A piece of a bucket that is too large for one task has null `lengths`, and its length is
/// that of its references.
struct TableTask {
  const PointTable* table;
  SumTask task;
};

/// A piece of a bucket that was too large for one task, to be added to what the first piece gave.
struct Extra {
  size_t bucket;
  uint8_t* row;
};

/// One set of buckets of one multi-exponentiation.
struct Set {
  const MultiExp* job;
  /// Digit j of scalar i, 2^(c-1) more than it is worth, at j * count + i.
  const uint16_t* digits;
  unsigned index;
  /// By bucket: how many references it has.
  uint32_t* lengths;
  uint32_t* cursor;
  uint32_t* refs;
  /// Rows of sums: a bucket each, then the extra ones.
  uint8_t* rows;
  Extra* extras;
  size_t extra_count;
  /// A blst_p1 or blst_p2; the larger.
  blst_p2 sum;
};

size_t bucket_count(const PointTable& table) { return size_t{1} << (table.windows.window - 1); }
size_t reference_count(const PointTable& table) { return table.windows.copies * table.count; }

void sort_set(Set* set) {
  const PointTable& table = *set->job->table;
  const Windows& w = table.windows;
  const size_t buckets = bucket_count(table);
  std::memset(set->lengths, 0, buckets * 4);
  const auto each = [&](auto&& use) {
    for (unsigned copy = 0; copy < w.copies; copy++) {
      const unsigned digit = set->index + w.sets * copy;
      if (digit >= w.digits) break;
      const uint16_t* digits = set->digits + digit * table.count;
      for (size_t i = 0; i < table.count; i++) {
        const int32_t value = digits[i] - (1 << (w.window - 1));
        if (value == 0) continue;
        use(static_cast<uint32_t>((value < 0 ? -value : value) - 1),
            static_cast<uint32_t>((copy * table.count + i) << 1 | (value < 0)));
      }
    }
  };
  each([&](uint32_t bucket, uint32_t) { set->lengths[bucket]++; });
  uint32_t at = 0;
  for (size_t b = 0; b < buckets; b++) {
    set->cursor[b] = at;
    at += set->lengths[b];
  }
  each([&](uint32_t bucket, uint32_t ref) { set->refs[set->cursor[bucket]++] = ref; });
}

/// Cuts a set's references into tasks; returns how many. Null `tasks`: only counts them, and the extra rows.
size_t cut_set(const Set& set, TableTask* tasks, Extra* extras, size_t* extra_count) {
  const PointTable& table = *set.job->table;
  const size_t buckets = bucket_count(table), row = table.group->row_bytes;
  size_t made = 0, extra = 0;
  const uint32_t* refs = set.refs;
  for (size_t b = 0; b < buckets;) {
    if (set.lengths[b] > CHUNK) {
      // The first piece goes to the bucket's row, the others to rows of their own.
      size_t left = set.lengths[b];
      bool is_first = true;
      while (left > 0) {
        const size_t length = left < CHUNK ? left : CHUNK;
        uint8_t* out = set.rows + (is_first ? b : buckets + extra) * row;
        if (tasks != nullptr) {
          tasks[made] = {&table, {refs, nullptr, 1, length, out}};
          if (!is_first) extras[extra] = {b, out};
        }
        if (!is_first) extra++;
        made++;
        refs += length;
        left -= length;
        is_first = false;
      }
      b++;
      continue;
    }
    size_t total = 0, end = b;
    while (end < buckets && set.lengths[end] <= CHUNK && total + set.lengths[end] <= CHUNK) total += set.lengths[end++];
    if (tasks != nullptr) tasks[made] = {&table, {refs, set.lengths + b, end - b, total, set.rows + b * row}};
    made++;
    refs += total;
    b = end;
  }
  *extra_count = extra;
  return made;
}

size_t max_extras(const PointTable& table) { return reference_count(table) / CHUNK + 1; }

/// Bytes cut from a block one after the other, each piece aligned to 64; with a null block it only counts.
struct Cutter {
  uint8_t* block;
  /// May come to more than a machine of 32 bits can hold.
  uint64_t used;

  template <class T>
  T* take(size_t count) {
    T* piece = block == nullptr ? nullptr : reinterpret_cast<T*>(block + used);
    used += (uint64_t{count} * sizeof(T) + 63) / 64 * 64;
    return piece;
  }
};

/// Everything of one call, laid out in one block.
struct Plan {
  const MultiExp* jobs;
  size_t job_count;
  uint16_t** digits;
  Set* sets;
  size_t set_count;
  TableTask* tasks;
  size_t task_count;
  Workspaces workspaces;
  const volatile int32_t* cancelled;
  std::atomic<bool> is_out_of_memory;

  bool stopped() const { return is_out_of_memory || is_set(cancelled); }
};

void lay_out(Plan* plan, Cutter* cutter) {
  const bool is_real = cutter->block != nullptr;
  plan->set_count = 0;
  for (size_t j = 0; j < plan->job_count; j++) plan->set_count += plan->jobs[j].end_set - plan->jobs[j].first_set;
  plan->digits = cutter->take<uint16_t*>(plan->job_count);
  plan->sets = cutter->take<Set>(plan->set_count);
  size_t at = 0, tasks = 0;
  for (size_t j = 0; j < plan->job_count; j++) {
    const PointTable& table = *plan->jobs[j].table;
    uint16_t* digits = cutter->take<uint16_t>(table.count * table.windows.digits);
    if (is_real) plan->digits[j] = digits;
    const size_t buckets = bucket_count(table), extras = max_extras(table);
    for (unsigned k = plan->jobs[j].first_set; k < plan->jobs[j].end_set; k++, at++) {
      uint32_t* lengths = cutter->take<uint32_t>(buckets);
      uint32_t* cursor = cutter->take<uint32_t>(buckets);
      uint32_t* refs = cutter->take<uint32_t>(reference_count(table));
      uint8_t* rows = cutter->take<uint8_t>((buckets + extras) * table.group->row_bytes);
      Extra* extra = cutter->take<Extra>(extras);
      if (is_real) {
        std::memset(&plan->sets[at], 0, sizeof(Set));
        plan->sets[at].job = &plan->jobs[j];
        plan->sets[at].digits = digits;
        plan->sets[at].index = k;
        plan->sets[at].lengths = lengths;
        plan->sets[at].cursor = cursor;
        plan->sets[at].refs = refs;
        plan->sets[at].rows = rows;
        plan->sets[at].extras = extra;
      }
      // A task ends where the next bucket would not fit, so two of them hold more than CHUNK; large buckets add one each.
      tasks += 2 * (reference_count(table) / CHUNK) + 2 + extras;
    }
  }
  plan->tasks = cutter->take<TableTask>(tasks);
}

/// Digits of a chunk of scalars: those of the scalar and the sum of half windows, sum_j 2^(c-1+cj), which makes them positive.
void cut_scalars(Plan* plan, size_t job, size_t chunk) {
  const MultiExp& multi = plan->jobs[job];
  const Windows& w = multi.table->windows;
  uint64_t offset[6] = {0, 0, 0, 0, 0, 0};
  for (unsigned j = 0; j < w.digits; j++) {
    const unsigned bit = w.window - 1 + w.window * j;
    offset[bit / 64] |= uint64_t{1} << (bit % 64);
  }
  const size_t from = chunk * SCALAR_CHUNK, count = multi.table->count;
  const size_t to = from + SCALAR_CHUNK < count ? from + SCALAR_CHUNK : count;
  const uint64_t mask = (uint64_t{1} << w.window) - 1;
  // 256 bits and a window more, and a word that is read beyond.
  uint64_t words[6];
  for (size_t i = from; i < to; i++) {
    std::memset(words, 0, sizeof words);
    std::memcpy(words, multi.scalars + 32 * i, 32);
    unsigned __int128 sum = 0;
    for (int k = 0; k < 6; k++) {
      sum += static_cast<unsigned __int128>(words[k]) + offset[k];
      words[k] = static_cast<uint64_t>(sum);
      sum >>= 64;
    }
    uint16_t* out = plan->digits[job] + i;
    for (unsigned bit = 0; bit < w.window * w.digits; bit += w.window, out += count) {
      uint64_t word = words[bit / 64] >> (bit % 64);
      if (bit % 64 + w.window > 64) word |= words[bit / 64 + 1] << (64 - bit % 64);
      *out = static_cast<uint16_t>(word & mask);
    }
  }
  sero_wipe(words, sizeof words);
}

void run_sums(Plan* plan, size_t index) {
  size_t slot;
  void* workspace = plan->workspaces.acquire(&slot);
  if (workspace == nullptr) {
    plan->is_out_of_memory = true;
    return;
  }
  SumTask tasks[RUN];
  uint32_t whole[RUN];
  const size_t end = (index + 1) * RUN < plan->task_count ? (index + 1) * RUN : plan->task_count;
  for (size_t from = index * RUN, to; from < end && !plan->stopped(); from = to) {
    const PointTable& table = *plan->tasks[from].table;
    for (to = from; to < end && plan->tasks[to].table == &table; to++) {
      SumTask* task = &tasks[to - from];
      *task = plan->tasks[to].task;
      if (task->lengths != nullptr) continue;
      whole[to - from] = static_cast<uint32_t>(task->references);
      task->lengths = &whole[to - from];
    }
    table.group->sum(table.rows, tasks, to - from, workspace, CHUNK);
  }
  plan->workspaces.release(slot);
}

void run_reduce(Plan* plan, size_t index) {
  Set& set = plan->sets[index];
  const PointTable& table = *set.job->table;
  const size_t row = table.group->row_bytes, buckets = bucket_count(table);
  for (size_t i = 0; i < set.extra_count; i++) {
    const uint32_t own = static_cast<uint32_t>(set.extras[i].bucket) << 1;
    const uint32_t extra = static_cast<uint32_t>(buckets + i) << 1;
    table.group->add(set.rows, own, extra, set.rows + set.extras[i].bucket * row);
  }
  size_t slot;
  uint8_t* workspace = static_cast<uint8_t*>(plan->workspaces.acquire(&slot));
  if (workspace == nullptr) {
    plan->is_out_of_memory = true;
    return;
  }
  std::memcpy(workspace, set.rows, buckets * row);
  table.group->reduce(workspace, table.windows.window - 1, workspace + rounded(3 * buckets * row), &set.sum);
  plan->workspaces.release(slot);
}

template <class Point>
void combine_sets(const Plan& plan, const MultiExp& job, void (*add)(Point*, const Point*, const Point*),
                  void (*twice)(Point*, const Point*)) {
  Point sum, term;
  std::memset(&sum, 0, sizeof sum);
  for (size_t k = plan.set_count; k-- > 0;) {
    const Set& set = plan.sets[k];
    if (set.job != &job) continue;
    for (unsigned i = 0; i < job.table->windows.window; i++) twice(&sum, &sum);
    std::memcpy(&term, &set.sum, sizeof term);
    add(&sum, &sum, &term);
  }
  for (unsigned i = 0; i < job.table->windows.window * job.first_set; i++) twice(&sum, &sum);
  std::memcpy(job.result, &sum, sizeof sum);
  sero_wipe(&sum, sizeof sum);
  sero_wipe(&term, sizeof term);
}

template <class Context, void (*RUN)(Context*, size_t)>
void each(const Parallel& parallel, size_t count, Context* context) {
  parallel.run(
      parallel.self, count, [](void* c, size_t i) { RUN(static_cast<Context*>(c), i); }, context);
}

void cut_task(Plan* plan, size_t index) {
  for (size_t j = 0; j < plan->job_count; j++) {
    const size_t chunks = (plan->jobs[j].table->count + SCALAR_CHUNK - 1) / SCALAR_CHUNK;
    if (index < chunks) return cut_scalars(plan, j, index);
    index -= chunks;
  }
}

void sort_task(Plan* plan, size_t index) {
  if (!plan->stopped()) sort_set(&plan->sets[index]);
}

void sum_task(Plan* plan, size_t index) {
  if (!plan->stopped()) run_sums(plan, index);
}

void reduce_task(Plan* plan, size_t index) {
  if (!plan->stopped()) run_reduce(plan, index);
}

void run_plan(Plan* plan, const Parallel& parallel) {
  size_t chunks = 0, workspace = 0;
  for (size_t j = 0; j < plan->job_count; j++) {
    const PointTable& table = *plan->jobs[j].table;
    chunks += (table.count + SCALAR_CHUNK - 1) / SCALAR_CHUNK;
    const size_t buckets = bucket_count(table);
    const size_t sum = table.group->sum_workspace(CHUNK);
    const size_t reduce = rounded(3 * buckets * table.group->row_bytes) + table.group->reduce_workspace(2 * buckets);
    if (sum > workspace) workspace = sum;
    if (reduce > workspace) workspace = reduce;
  }
  plan->workspaces.init(workspace);
  each<Plan, cut_task>(parallel, chunks, plan);
  each<Plan, sort_task>(parallel, plan->set_count, plan);
  if (plan->stopped()) return;
  plan->task_count = 0;
  for (size_t k = 0; k < plan->set_count; k++) {
    Set& set = plan->sets[k];
    plan->task_count += cut_set(set, plan->tasks + plan->task_count, set.extras, &set.extra_count);
  }
  each<Plan, sum_task>(parallel, (plan->task_count + RUN - 1) / RUN, plan);
  if (plan->stopped()) return;
  each<Plan, reduce_task>(parallel, plan->set_count, plan);
  if (plan->stopped()) return;
  for (size_t j = 0; j < plan->job_count; j++) {
    if (plan->jobs[j].table->group->file_bytes == 96) {
      combine_sets<blst_p1>(*plan, plan->jobs[j], blst_p1_add_or_double, blst_p1_double);
    } else {
      combine_sets<blst_p2>(*plan, plan->jobs[j], blst_p2_add_or_double, blst_p2_double);
    }
  }
}

void wipe_task(Blocks* blocks, size_t index) { blocks->wipe(index); }

struct Expansion {
  const PointTable* table;
  const uint8_t* points;
  const volatile int32_t* cancelled;
};

void expand_task(Expansion* work, size_t index) {
  if (is_set(work->cancelled)) return;
  const PointTable& t = *work->table;
  const size_t from = index * EXPAND_CHUNK, to = from + EXPAND_CHUNK < t.count ? from + EXPAND_CHUNK : t.count;
  t.group->expand(work->points, t.count, t.windows.copies, t.windows.sets * t.windows.window, from, to, t.rows);
}

}  // namespace

Windows Windows::of(unsigned window, unsigned copies) {
  const unsigned digits = (SCALAR_BITS + window) / window;
  if (copies > digits) copies = digits;
  const unsigned sets = (digits + copies - 1) / copies;
  return {window, digits, (digits + sets - 1) / sets, sets};
}

sero_status fill_table(const PointTable& table, const uint8_t* points, const Parallel& parallel,
                       const volatile int32_t* cancelled) {
  Expansion work = {&table, points, cancelled};
  each<Expansion, expand_task>(parallel, (table.count + EXPAND_CHUNK - 1) / EXPAND_CHUNK, &work);
  return is_set(cancelled) ? SERO_CANCELLED : SERO_OK;
}

sero_status multi_exp(const MultiExp* jobs, size_t count, const Parallel& parallel,
                      const volatile int32_t* cancelled) {
  Plan plan;
  plan.jobs = jobs;
  plan.job_count = count;
  plan.cancelled = cancelled;
  plan.is_out_of_memory = false;
  Cutter measure = {nullptr, 0};
  lay_out(&plan, &measure);
  if (measure.used > SIZE_MAX / 2) return SERO_NO_MEMORY;
  const size_t bytes = static_cast<size_t>(measure.used);
  uint8_t* memory = static_cast<uint8_t*>(sero_alloc(bytes));
  if (memory == nullptr) return SERO_NO_MEMORY;
  Cutter cutter = {memory, 0};
  lay_out(&plan, &cutter);
  run_plan(&plan, parallel);
  Blocks blocks = {};
  blocks.add(memory, bytes);
  for (void* workspace : plan.workspaces.memory) blocks.add(workspace, plan.workspaces.bytes);
  each<Blocks, wipe_task>(parallel, blocks.pieces, &blocks);
  blocks.free_all();
  if (plan.is_out_of_memory) return SERO_NO_MEMORY;
  return is_set(cancelled) ? SERO_CANCELLED : SERO_OK;
}

}  // namespace sero
