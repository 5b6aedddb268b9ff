// How every thread of the core begins: with a name, and with the signals that are none of its business blocked.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace zc {

// Starts a thread named `name` (15 characters at most). It blocks all signals but those that a thread raises by
// its own doing, so that Ctrl-C and timers keep reaching the threads of the host program, and the SIGBUS of a
// guarded map reaches this one. Where the system gives no thread (RLIMIT_NPROC, a container's limit of processes),
// what comes back is not joinable.
template <typename Body>
std::thread start_worker(const std::string& name, Body&& body) {
  sigset_t blocked;
  sigset_t former;
  sigfillset(&blocked);
  for (const int own : {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) sigdelset(&blocked, own);
  pthread_sigmask(SIG_SETMASK, &blocked, &former);
  std::thread thread;
  try {
    thread = std::thread(std::forward<Body>(body));
  } catch (const std::system_error&) {
  }
  pthread_sigmask(SIG_SETMASK, &former, nullptr);
  if (thread.joinable()) pthread_setname_np(thread.native_handle(), name.c_str());
  return thread;
}

}  // namespace zc
