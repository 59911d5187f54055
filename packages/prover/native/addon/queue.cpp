#include "queue.hpp"

#include <pthread.h>

#include "job.hpp"
#include "priority.hpp"

namespace sero_addon {
namespace {

/** As much as libuv gives its threads: what works along with the pool's runs here too. */
constexpr size_t STACK_BYTES = size_t{8} << 20;

// Plain data of C: never destroyed, since work may still run when the process ends.
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t has_work = PTHREAD_COND_INITIALIZER;
pthread_cond_t has_ended = PTHREAD_COND_INITIALIZER;
pthread_t threads[MAX_RUNNING];
size_t thread_count = 0;
bool is_closing = false;
Line waiting;
/** A job a thread, or nullptr. */
Job* running[MAX_RUNNING];

/** Hands a job back to its environment; the mutex is held. */
void finish(Job* job) {
  Environment* environment = job->environment;
  const bool is_awake = environment->done.first != nullptr;
  environment->done.push(job);
  if (!is_awake) napi_call_threadsafe_function(environment->wake, nullptr, napi_tsfn_nonblocking);
}

void* serve(void* slot) {
  sero::give_way();
  Job** const its = static_cast<Job**>(slot);
  pthread_mutex_lock(&mutex);
  for (;;) {
    while (waiting.first == nullptr && !is_closing) pthread_cond_wait(&has_work, &mutex);
    Job* job = waiting.take();
    if (job == nullptr) break;
    *its = job;
    pthread_mutex_unlock(&mutex);
    job->execute();
    pthread_mutex_lock(&mutex);
    *its = nullptr;
    finish(job);
    pthread_cond_broadcast(&has_ended);
  }
  pthread_mutex_unlock(&mutex);
  return nullptr;
}

void free_all(Line line) {
  while (Job* job = line.take()) delete job;
}

/** Tells what runs of an environment to end; whether there is any. */
bool raise_running(const Environment* environment) {
  bool is_any = false;
  for (Job* job : running) {
    if (job == nullptr || job->environment != environment) continue;
    job->raise();
    is_any = true;
  }
  return is_any;
}

bool is_of(const Job* job, const void* environment) { return job->environment == environment; }

bool is_ended_by(const Job* job, const void* flag) { return job->cancel_handle == flag; }

}  // namespace

void Line::push(Job* job) {
  job->following = nullptr;
  (first == nullptr ? first : last->following) = job;
  last = job;
}

Job* Line::take() {
  Job* job = first;
  if (job != nullptr) first = job->following;
  return job;
}

Line Line::take_those(bool (*fits)(const Job* job, const void* of), const void* of) {
  Line taken;
  Line left;
  while (Job* job = take()) (fits(job, of) ? taken : left).push(job);
  *this = left;
  return taken;
}

bool open_queue() {
  pthread_mutex_lock(&mutex);
  pthread_attr_t attributes;
  if (thread_count == 0 && pthread_attr_init(&attributes) == 0) {
    if (pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0) {
      while (thread_count < MAX_RUNNING &&
             pthread_create(&threads[thread_count], &attributes, serve, &running[thread_count]) == 0) {
        thread_count++;
      }
    }
    pthread_attr_destroy(&attributes);
  }
  const bool is_open = thread_count > 0;
  pthread_mutex_unlock(&mutex);
  return is_open;
}

void close_queue() {
  pthread_mutex_lock(&mutex);
  is_closing = true;
  pthread_cond_broadcast(&has_work);
  pthread_mutex_unlock(&mutex);
  for (size_t i = 0; i < thread_count; i++) pthread_join(threads[i], nullptr);
  thread_count = 0;
  is_closing = false;
}

void push_job(Environment* environment, Job* job) {
  pthread_mutex_lock(&mutex);
  job->environment = environment;
  if (__atomic_load_n(job->cancelled(), __ATOMIC_RELAXED) != 0) {
    job->status = SERO_CANCELLED;
    finish(job);
  } else {
    waiting.push(job);
    pthread_cond_signal(&has_work);
  }
  pthread_mutex_unlock(&mutex);
}

Job* take_done(Environment* environment) {
  pthread_mutex_lock(&mutex);
  Job* job = environment->done.take();
  pthread_mutex_unlock(&mutex);
  return job;
}

void end_waiting(const Handle* cancel) {
  pthread_mutex_lock(&mutex);
  Line ended = waiting.take_those(is_ended_by, cancel);
  while (Job* job = ended.take()) {
    job->status = SERO_CANCELLED;
    finish(job);
  }
  pthread_mutex_unlock(&mutex);
}

void drop_jobs(Environment* environment) {
  environment->is_open = false;
  pthread_mutex_lock(&mutex);
  const Line dropped = waiting.take_those(is_of, environment);
  while (raise_running(environment)) pthread_cond_wait(&has_ended, &mutex);
  const Line done = environment->done;
  environment->done = Line();
  pthread_mutex_unlock(&mutex);
  free_all(dropped);
  free_all(done);
}

}  // namespace sero_addon
