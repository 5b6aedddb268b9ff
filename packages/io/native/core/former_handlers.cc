#include "former_handlers.h"

#include <ucontext.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace zc {

// The one that was installed last comes first.
struct FormerHandlers::List {
  static constexpr size_t count_max = 8;
  std::array<struct sigaction, count_max> handlers = {};
  size_t count = 0;
};

namespace {

// What a thread has passed on, and to whom. (Initial-exec, for the first touch of other thread-locals may allocate.)
struct PassedOn {
  const void* context = nullptr;  // of a signal that a former handler is looking at
  const void* frame = nullptr;    // of the call that passed it on: the handler may have left by longjmp
  size_t level = 0;               // which handler that is, or was last
  bool raised_again = false;      // by it, and not delivered yet
  const void* address = nullptr;  // of the last fault
  uintptr_t instruction = 0;
  uint32_t repeats = 0;           // of that fault
};
__attribute__((tls_model("initial-exec"))) thread_local PassedOn passed_on;

// A handler may well mend a page that is missing again later, so it is believed a number of times.
constexpr uint32_t repeats_per_level = 64;

bool is_informed(const struct sigaction& action) { return (action.sa_flags & SA_SIGINFO) != 0; }

bool same_handler(const struct sigaction& left, const struct sigaction& right) {
  if (is_informed(left) != is_informed(right)) return false;
  return is_informed(left) ? left.sa_sigaction == right.sa_sigaction : left.sa_handler == right.sa_handler;
}

uintptr_t instruction_of(const void* context) {
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<uintptr_t>(registers.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return registers.pc;
#else
  static_cast<void>(registers);
  return 0;
#endif
}

size_t next_level(const siginfo_t& info, const void* context, const void* frame) {
  PassedOn& passed = passed_on;
  // The stack grows downwards: a call from within the handler lies below.
  if (passed.context == context && frame < passed.frame) return passed.level + 1;
  if (std::exchange(passed.raised_again, false)) return passed.level + 1;
  if (info.si_code <= 0) return 0;  // sent by kill() or raise()
  const uintptr_t instruction = instruction_of(context);
  const bool same = passed.address == info.si_addr && passed.instruction == instruction;
  passed.repeats = same ? passed.repeats + 1 : 0;
  passed.address = info.si_addr;
  passed.instruction = instruction;
  return passed.repeats / repeats_per_level;
}

bool is_pending(int signal) {
  sigset_t pending;
  return ::sigpending(&pending) == 0 && sigismember(&pending, signal) == 1;
}

void end_as_without_us(int signal, const siginfo_t& info) {
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  ::sigaction(signal, &standard, nullptr);
  // A real fault happens again on return and ends the process where it occurred; a sent signal has to be
  // sent again, and is delivered when this handler returns.
  if (info.si_code <= 0) ::raise(signal);
}

}  // namespace

void FormerHandlers::stand_before(const struct sigaction& theirs) {
  auto made = std::make_shared<List>();
  made->handlers[made->count++] = theirs;
  const List* before = current_.load(std::memory_order_relaxed);
  for (size_t i = 0; before != nullptr && i < before->count && made->count < List::count_max; i++) {
    if (!same_handler(before->handlers[i], theirs)) made->handlers[made->count++] = before->handlers[i];
  }
  for (const auto& known : known_) {
    bool same = known->count == made->count;
    for (size_t i = 0; same && i < made->count; i++) same = same_handler(known->handlers[i], made->handlers[i]);
    if (same) return current_.store(known.get(), std::memory_order_release);
  }
  current_.store(made.get(), std::memory_order_release);
  known_.push_back(std::move(made));
}

void FormerHandlers::pass_on(int signal, siginfo_t* info, void* context) const noexcept {
  const void* frame = __builtin_frame_address(0);
  const List& list = *current_.load(std::memory_order_acquire);
  const size_t level = next_level(*info, context, frame);
  if (level >= list.count) return end_as_without_us(signal, *info);
  const struct sigaction& former = list.handlers[level];
  if (!is_informed(former)) {
    // (A real fault cannot be ignored.)
    if (former.sa_handler == SIG_IGN && info->si_code <= 0) return;
    if (former.sa_handler == SIG_IGN || former.sa_handler == SIG_DFL) return end_as_without_us(signal, *info);
  }
  const void* outer_context = std::exchange(passed_on.context, context);
  const void* outer_frame = std::exchange(passed_on.frame, frame);
  passed_on.level = level;
  if (is_informed(former)) {
    former.sa_sigaction(signal, info, context);
  } else {
    former.sa_handler(signal);
  }
  passed_on.context = outer_context;
  passed_on.frame = outer_frame;
  passed_on.raised_again = is_pending(signal);
}

}  // namespace zc
