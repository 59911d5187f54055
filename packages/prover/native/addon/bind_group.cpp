// Points in bulk, for setups and ceremonies. Every function gives a promise of bytes, of a number, or of a status.

#include <new>

#include "bindings.hpp"
#include "handle.hpp"
#include "job.hpp"
#include "sero_prover.h"
#include "threads.hpp"

namespace sero_addon {
namespace {

constexpr size_t SCALAR_BYTES = 32;
/** Points at once: those of a setup for 2^26 constraints. */
constexpr size_t MAX_POINTS = size_t{1} << 26;
/** Pairs of one product, which no flag ends once it runs: about a second. */
constexpr size_t MAX_PAIRS = 2048;

size_t point_bytes(uint32_t group) { return group == 1 ? 96 : 192; }

/** One operation: which one, and copies of all that it may read. */
struct GroupJob : Job {
  sero_status (*operation)(GroupJob* job, const sero_parallel* parallel) = nullptr;
  int32_t group = 0;
  size_t count = 0;
  uint32_t number = 0;
  size_t found = 0;
  bool gives_number = false;
  Copy first;
  Copy second;
  Copy third;
  Copy fourth;
  Copy out;

  void execute() override { status = operation(this, shared_threads()); }
  napi_value result(napi_env env) override {
    // A number that is found, and a status, would look alike: a status comes in an array.
    if (status != SERO_OK) return make_pair(env, status, 0);
    return gives_number ? make_number(env, static_cast<double>(found)) : make_bytes(env, out.data, out.size);
  }
};

bool read_group(const Call& call, size_t index, uint32_t* group) {
  if (!read_integer(call, index, 2, group)) return false;
  if (*group != 0) return true;
  throw_range(call.env, index, "1 or 2");
  return false;
}

GroupJob* make_job(uint32_t group, size_t count, size_t out_bytes,
                   sero_status (*operation)(GroupJob* job, const sero_parallel* parallel)) {
  GroupJob* job = new (std::nothrow) GroupJob;
  if (job == nullptr) return nullptr;
  job->group = static_cast<int32_t>(group);
  job->count = count;
  job->operation = operation;
  if (job->out.allocate(out_bytes)) return job;
  delete job;
  return nullptr;
}

/** Starts a job whose copies all succeeded. */
napi_value start(const Call& call, GroupJob* job, bool copied, Handle* cancel) {
  if (job != nullptr && !copied) {
    delete job;
    job = nullptr;
  }
  if (job != nullptr) job->set_cancel(cancel);
  return start_job(call.env, job);
}

/** groupMultiplyGenerator(group, scalars, cancel?) */
napi_value multiply_generator(napi_env env, napi_callback_info info) {
  Call call;
  uint32_t group;
  View scalars;
  size_t count;
  Handle* cancel;
  if (!read_call(env, info, &call) || !read_group(call, 0, &group) ||
      !read_packed(call, 1, SCALAR_BYTES, MAX_POINTS, &scalars, &count) ||
      !read_optional_handle(call, 2, Kind::CANCEL, &cancel)) {
    return nullptr;
  }
  GroupJob* job = make_job(group, count, count * point_bytes(group), [](GroupJob* j, const sero_parallel* parallel) {
    return sero_group_multiply_generator(j->group, j->first.data, j->count, j->out.data, parallel, j->cancelled());
  });
  return start(call, job, job != nullptr && job->first.assign(scalars), cancel);
}

/** groupMultiplyEach(group, points, scalars, cancel?) */
napi_value multiply_each(napi_env env, napi_callback_info info) {
  Call call;
  uint32_t group;
  View points;
  View scalars;
  size_t count;
  Handle* cancel;
  if (!read_call(env, info, &call) || !read_group(call, 0, &group) ||
      !read_packed(call, 1, point_bytes(group), MAX_POINTS, &points, &count) ||
      !read_view_of(call, 2, count * SCALAR_BYTES, &scalars) ||
      !read_optional_handle(call, 3, Kind::CANCEL, &cancel)) {
    return nullptr;
  }
  GroupJob* job = make_job(group, count, points.size, [](GroupJob* j, const sero_parallel* parallel) {
    return sero_group_multiply_each(j->group, j->first.data, j->second.data, j->count, j->out.data, parallel,
                                    j->cancelled());
  });
  return start(call, job, job != nullptr && job->first.assign(points) && job->second.assign(scalars), cancel);
}

/** groupMultiplyPowers(group, points, first, factor, cancel?) */
napi_value multiply_powers(napi_env env, napi_callback_info info) {
  Call call;
  uint32_t group;
  View points;
  View first;
  View factor;
  size_t count;
  Handle* cancel;
  if (!read_call(env, info, &call) || !read_group(call, 0, &group) ||
      !read_packed(call, 1, point_bytes(group), MAX_POINTS, &points, &count) ||
      !read_view_of(call, 2, SCALAR_BYTES, &first) || !read_view_of(call, 3, SCALAR_BYTES, &factor) ||
      !read_optional_handle(call, 4, Kind::CANCEL, &cancel)) {
    return nullptr;
  }
  GroupJob* job = make_job(group, count, points.size, [](GroupJob* j, const sero_parallel* parallel) {
    return sero_group_multiply_powers(j->group, j->first.data, j->count, j->second.data, j->third.data, j->out.data,
                                      parallel, j->cancelled());
  });
  const bool copied =
      job != nullptr && job->first.assign(points) && job->second.assign(first) && job->third.assign(factor);
  return start(call, job, copied, cancel);
}

/** groupLagrange(group, points, cancel?): of 2^power points, power < 32. */
napi_value lagrange(napi_env env, napi_callback_info info) {
  Call call;
  uint32_t group;
  View points;
  size_t count;
  Handle* cancel;
  if (!read_call(env, info, &call) || !read_group(call, 0, &group) ||
      !read_packed(call, 1, point_bytes(group), MAX_POINTS, &points, &count) ||
      !read_optional_handle(call, 2, Kind::CANCEL, &cancel)) {
    return nullptr;
  }
  if (count == 0 || (count & (count - 1)) != 0) {
    throw_range(env, 1, "a power of two of points");
    return nullptr;
  }
  GroupJob* job = make_job(group, count, points.size, [](GroupJob* j, const sero_parallel* parallel) {
    return sero_group_lagrange(j->group, j->first.data, j->number, j->out.data, parallel, j->cancelled());
  });
  if (job != nullptr) {
    while ((size_t{1} << job->number) < count) job->number++;
  }
  return start(call, job, job != nullptr && job->first.assign(points), cancel);
}

/** groupCombineRows(group, bases, rowStarts, indices, coefficients, cancel?): 4 bytes, little-endian, a number. */
napi_value combine_rows(napi_env env, napi_callback_info info) {
  Call call;
  uint32_t group;
  View bases;
  View starts;
  View indices;
  View coefficients;
  size_t base_count;
  size_t start_count;
  size_t terms;
  Handle* cancel;
  if (!read_call(env, info, &call) || !read_group(call, 0, &group) ||
      !read_packed(call, 1, point_bytes(group), MAX_POINTS, &bases, &base_count) ||
      !read_packed(call, 2, 4, MAX_POINTS + 1, &starts, &start_count) ||
      !read_packed(call, 3, 4, MAX_POINTS * 8, &indices, &terms) ||
      !read_view_of(call, 4, terms * SCALAR_BYTES, &coefficients) ||
      !read_optional_handle(call, 5, Kind::CANCEL, &cancel)) {
    return nullptr;
  }
  if (start_count == 0) {
    throw_range(env, 2, "one number longer than the rows");
    return nullptr;
  }
  const size_t rows = start_count - 1;
  GroupJob* job = make_job(group, base_count, rows * point_bytes(group), [](GroupJob* j, const sero_parallel* parallel) {
    return sero_group_combine_rows(j->group, j->first.data, j->count,
                                   reinterpret_cast<const uint32_t*>(j->second.data), j->second.size / 4 - 1,
                                   reinterpret_cast<const uint32_t*>(j->third.data), j->fourth.data,
                                   j->third.size / 4, j->out.data, parallel, j->cancelled());
  });
  const bool copied = job != nullptr && job->first.assign(bases) && job->second.assign(starts) &&
                      job->third.assign(indices) && job->fourth.assign(coefficients);
  return start(call, job, copied, cancel);
}

/** groupMultiExp(group, points, scalars, scalarBytes, cancel?): one point. */
napi_value multi_exp(napi_env env, napi_callback_info info) {
  Call call;
  uint32_t group;
  uint32_t scalar_bytes;
  View points;
  View scalars;
  size_t count;
  Handle* cancel;
  if (!read_call(env, info, &call) || !read_group(call, 0, &group) ||
      !read_packed(call, 1, point_bytes(group), MAX_POINTS, &points, &count) ||
      !read_integer(call, 3, SCALAR_BYTES, &scalar_bytes) || !read_view_of(call, 2, count * scalar_bytes, &scalars) ||
      !read_optional_handle(call, 4, Kind::CANCEL, &cancel)) {
    return nullptr;
  }
  GroupJob* job = make_job(group, count, point_bytes(group), [](GroupJob* j, const sero_parallel* parallel) {
    return sero_group_multi_exp(j->group, j->first.data, j->second.data, j->number, j->count, j->out.data, parallel,
                                j->cancelled());
  });
  if (job != nullptr) job->number = scalar_bytes;
  return start(call, job, job != nullptr && job->first.assign(points) && job->second.assign(scalars), cancel);
}

/** groupSubtract(group, left, right, cancel?) */
napi_value subtract(napi_env env, napi_callback_info info) {
  Call call;
  uint32_t group;
  View left;
  View right;
  size_t count;
  Handle* cancel;
  if (!read_call(env, info, &call) || !read_group(call, 0, &group) ||
      !read_packed(call, 1, point_bytes(group), MAX_POINTS, &left, &count) ||
      !read_view_of(call, 2, left.size, &right) || !read_optional_handle(call, 3, Kind::CANCEL, &cancel)) {
    return nullptr;
  }
  GroupJob* job = make_job(group, count, left.size, [](GroupJob* j, const sero_parallel* parallel) {
    return sero_group_subtract(j->group, j->first.data, j->second.data, j->count, j->out.data, parallel,
                               j->cancelled());
  });
  return start(call, job, job != nullptr && job->first.assign(left) && job->second.assign(right), cancel);
}

/** groupCheck(group, points, cancel?): the place of the first bad point, or how many there are. */
napi_value check(napi_env env, napi_callback_info info) {
  Call call;
  uint32_t group;
  View points;
  size_t count;
  Handle* cancel;
  if (!read_call(env, info, &call) || !read_group(call, 0, &group) ||
      !read_packed(call, 1, point_bytes(group), MAX_POINTS, &points, &count) ||
      !read_optional_handle(call, 2, Kind::CANCEL, &cancel)) {
    return nullptr;
  }
  GroupJob* job = make_job(group, count, 0, [](GroupJob* j, const sero_parallel* parallel) {
    return sero_group_check(j->group, j->first.data, j->count, &j->found, parallel, j->cancelled());
  });
  if (job != nullptr) job->gives_number = true;
  return start(call, job, job != nullptr && job->first.assign(points), cancel);
}

/** groupEncode(group, points, compressed, cancel?) */
napi_value encode(napi_env env, napi_callback_info info) {
  Call call;
  uint32_t group;
  View points;
  size_t count;
  bool compressed;
  Handle* cancel;
  if (!read_call(env, info, &call) || !read_group(call, 0, &group) ||
      !read_packed(call, 1, point_bytes(group), MAX_POINTS, &points, &count) || !read_boolean(call, 2, &compressed) ||
      !read_optional_handle(call, 3, Kind::CANCEL, &cancel)) {
    return nullptr;
  }
  const size_t size = compressed ? points.size / 2 : points.size;
  GroupJob* job = make_job(group, count, size, [](GroupJob* j, const sero_parallel* parallel) {
    return sero_group_encode(j->group, j->first.data, j->count, static_cast<int32_t>(j->number), j->out.data, parallel,
                             j->cancelled());
  });
  if (job != nullptr) job->number = compressed ? 1 : 0;
  return start(call, job, job != nullptr && job->first.assign(points), cancel);
}

/** pairingProductIsOne(left, right, cancel?): 1 or 0. The flag ends it while it waits. */
napi_value pairing(napi_env env, napi_callback_info info) {
  Call call;
  View left;
  View right;
  size_t count;
  Handle* cancel;
  if (!read_call(env, info, &call) || !read_packed(call, 0, point_bytes(1), MAX_PAIRS, &left, &count) ||
      !read_view_of(call, 1, count * point_bytes(2), &right) ||
      !read_optional_handle(call, 2, Kind::CANCEL, &cancel)) {
    return nullptr;
  }
  GroupJob* job = make_job(1, count, 0, [](GroupJob* j, const sero_parallel*) {
    int32_t is_one = 0;
    const sero_status status = sero_pairing_product_is_one(j->first.data, j->second.data, j->count, &is_one);
    j->found = is_one == 1 ? 1 : 0;
    return status;
  });
  if (job != nullptr) job->gives_number = true;
  return start(call, job, job != nullptr && job->first.assign(left) && job->second.assign(right), cancel);
}

}  // namespace

bool export_group(napi_env env, napi_value exports) {
  return export_function(env, exports, "groupMultiplyGenerator", multiply_generator) &&
         export_function(env, exports, "groupMultiplyEach", multiply_each) &&
         export_function(env, exports, "groupMultiplyPowers", multiply_powers) &&
         export_function(env, exports, "groupLagrange", lagrange) &&
         export_function(env, exports, "groupCombineRows", combine_rows) &&
         export_function(env, exports, "groupMultiExp", multi_exp) &&
         export_function(env, exports, "groupSubtract", subtract) &&
         export_function(env, exports, "groupCheck", check) &&
         export_function(env, exports, "groupEncode", encode) &&
         export_function(env, exports, "pairingProductIsOne", pairing);
}

}  // namespace sero_addon
