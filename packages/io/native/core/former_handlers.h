// The handlers of a signal that ours stands before, and the way to them.
#pragma once

#include <signal.h>

#include <atomic>
#include <memory>
#include <vector>

namespace zc {

// A handler that is passed a signal and does not end the process does one of three things: it calls the one that was
// there before it, which is ours; it raises the signal again, which arrives once ours has returned; or it returns, and
// the same instruction meets the same fault. Each time the one before it is asked, for it would be a loop without end
// to ask it again. Python's faulthandler raises, Node's listeners return.
class FormerHandlers {
 public:
  // `theirs` comes first from now on. For one thread at a time, before ours is installed: it may be needed at once.
  void stand_before(const struct sigaction& theirs);

  // Only async-signal-safe calls. With nobody left to ask the signal has its standard effect.
  void pass_on(int signal, siginfo_t* info, void* context) const noexcept;

 private:
  struct List;
  // Lists are neither changed nor freed once a signal handler may see them; one that is known is used again.
  std::vector<std::shared_ptr<const List>> known_;
  std::atomic<const List*> current_{nullptr};
};

}  // namespace zc
