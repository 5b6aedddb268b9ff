#include "sigbus_guard.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <mutex>
#include <utility>

#include "former_handlers.h"

namespace zc {

// One guarded range. Entries are reused and never freed, so that the signal handler can walk them without a
// lock: `version` is odd while an entry is being written, and the handler passes such an entry over. That is
// safe because the range that a faulting thread is inside of is, by the guard's contract, not being changed.
struct SigbusGuard::Entry {
  std::atomic<uint32_t> version{0};
  std::atomic<uintptr_t> begin{0};
  std::atomic<uintptr_t> end{0};  // 0: free
  std::atomic<IntactBytes*> intact{nullptr};

  void write(uintptr_t new_begin, uintptr_t new_end, IntactBytes* new_intact) {
    version.fetch_add(1, std::memory_order_acq_rel);
    begin.store(new_begin, std::memory_order_release);
    end.store(new_end, std::memory_order_release);
    intact.store(new_intact, std::memory_order_release);
    version.fetch_add(1, std::memory_order_acq_rel);
  }
};

struct SigbusRegistry {
  struct Block {
    std::array<SigbusGuard::Entry, 128> entries;
    std::atomic<Block*> next{nullptr};
  };

  // Guards installing and the choice of a free entry; never taken by the handler.
  std::mutex mutex;
  bool installed = false;  // a first time
  FormerHandlers formers;
  Block first;

  // A free entry; a further block of them when all are taken.
  SigbusGuard::Entry* claim() {
    for (Block* block = &first;; block = block->next.load(std::memory_order_acquire)) {
      for (auto& entry : block->entries) {
        if (entry.end.load(std::memory_order_relaxed) == 0) return &entry;
      }
      if (block->next.load(std::memory_order_relaxed) == nullptr) {
        block->next.store(std::make_unique<Block>().release(), std::memory_order_release);
      }
    }
  }

  // True when the address was ours and can now be touched.
  bool answer(uintptr_t address, uintptr_t page) noexcept {
    for (Block* block = &first; block != nullptr; block = block->next.load(std::memory_order_acquire)) {
      for (auto& entry : block->entries) {
        const uint32_t version = entry.version.load(std::memory_order_acquire);
        const uintptr_t begin = entry.begin.load(std::memory_order_acquire);
        const uintptr_t end = entry.end.load(std::memory_order_acquire);
        IntactBytes* intact = entry.intact.load(std::memory_order_acquire);
        if (version % 2 != 0 || entry.version.load(std::memory_order_acquire) != version) continue;
        if (address < begin || address >= end) continue;
        // To the end of the range in one piece: everything behind a cut is missing, and a map of its own for
        // each page could run into max_map_count. The system call is made directly because a handler may call
        // only what is async-signal-safe.
        const uintptr_t hole = address & ~(page - 1);
        intact->end_at(hole - begin);
        const long mapped = ::syscall(SYS_mmap, hole, end - hole, PROT_READ | PROT_WRITE,
                                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
        return mapped == static_cast<long>(hole);
      }
    }
    return false;
  }

  Result<void> install() noexcept;
};

namespace {

// Lives for good: the handler may run while static objects are already being destroyed.
SigbusRegistry& registry() {
  static SigbusRegistry* const instance = [] {
    auto* made = std::make_unique<SigbusRegistry>().release();
    // A child that is forked while another thread holds the mutex would wait for it for ever.
    ::pthread_atfork([] { registry().mutex.lock(); }, [] { registry().mutex.unlock(); },
                     [] { registry().mutex.unlock(); });
    return made;
  }();
  return *instance;
}

// What the handler works with; set before it is installed.
SigbusRegistry* handler_registry = nullptr;
uintptr_t page_bytes = 0;

void on_sigbus(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  const bool answered = info->si_code == BUS_ADRERR &&
                        handler_registry->answer(reinterpret_cast<uintptr_t>(info->si_addr), page_bytes);
  errno = saved_errno;
  if (!answered) handler_registry->formers.pass_on(signal, info, context);
}

}  // namespace

// Called with the mutex held.
Result<void> SigbusRegistry::install() noexcept {
  struct sigaction current;
  if (::sigaction(SIGBUS, nullptr, &current) != 0) {
    return Error{.code = ErrorCode::map, .sys_errno = errno, .operation = "asking for the SIGBUS handler"};
  }
  if ((current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == on_sigbus) return {};
  handler_registry = this;
  page_bytes = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  formers.stand_before(current);
  struct sigaction ours = {};
  ours.sa_sigaction = on_sigbus;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&ours.sa_mask);
  if (::sigaction(SIGBUS, &ours, nullptr) != 0) {
    return Error{.code = ErrorCode::map, .sys_errno = errno, .operation = "installing the SIGBUS handler"};
  }
  installed = true;
  return {};
}

Result<SigbusGuard> SigbusGuard::protect(void* address, size_t length, IntactBytes* intact) noexcept {
  SigbusRegistry& ranges = registry();
  const std::lock_guard lock(ranges.mutex);
  if (Result<void> installed = ranges.install(); !installed) return std::move(installed).error();
  SigbusGuard guard;
  guard.entry_ = ranges.claim();
  const auto begin = reinterpret_cast<uintptr_t>(address);
  guard.entry_->write(begin, begin + length, intact);
  return guard;
}

void SigbusGuard::renew() noexcept {
  SigbusRegistry& ranges = registry();
  const std::lock_guard lock(ranges.mutex);
  // Where the system refuses, the handler that is there now stays; nothing worse than before.
  if (ranges.installed) (void)ranges.install();
}

void SigbusGuard::renew_now_and_then() noexcept {
  constexpr int64_t pause_ns = 20'000'000;
  static std::atomic<int64_t> last_ns{0};
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  const int64_t now_ns = now.tv_sec * 1'000'000'000LL + now.tv_nsec;
  if (now_ns - last_ns.load(std::memory_order_relaxed) < pause_ns) return;
  last_ns.store(now_ns, std::memory_order_relaxed);
  renew();
}

SigbusGuard::SigbusGuard(SigbusGuard&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}

SigbusGuard& SigbusGuard::operator=(SigbusGuard&& other) noexcept {
  std::swap(entry_, other.entry_);
  return *this;
}

SigbusGuard::~SigbusGuard() {
  if (entry_ == nullptr) return;
  const std::lock_guard lock(registry().mutex);
  entry_->write(0, 0, nullptr);
}

}  // namespace zc
