#include "child_process.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <map>
#include <stdexcept>

#include "harness.h"

namespace zc::test {
namespace {

std::map<std::string, int (*)()>& bodies() {
  static std::map<std::string, int (*)()> table;
  return table;
}

}  // namespace

ChildBody::ChildBody(const char* name, int (*body)()) { bodies()[name] = body; }

int run_child_body(const std::string& name) {
  constexpr int failed = 99;
  try {
    return bodies().at(name)();
  } catch (const Failure& failure) {
    std::fprintf(stderr, "child %s: %s\n", name.c_str(), failure.text.c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child %s threw: %s\n", name.c_str(), error.what());
  }
  return failed;
}

ChildEnd run_child(const std::string& name) {
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    ::execl("/proc/self/exe", "core_test", "--child", name.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) return {WEXITSTATUS(status), 0};
  return {-1, WTERMSIG(status)};
}

}  // namespace zc::test
