// Runs the tests whose names contain the first argument, or all of them.

#include <cstdio>
#include <cstring>
#include <exception>
#include <vector>

#include "child_process.h"
#include "harness.h"

namespace zc::test {
namespace {

struct Test {
  const char* name;
  void (*body)();
};

std::vector<Test>& tests() {
  static std::vector<Test> list;
  return list;
}

bool passes(const Test& test) {
  try {
    test.body();
    return true;
  } catch (const Failure& failure) {
    std::printf("FAILED  %s\n        %s\n", test.name, failure.text.c_str());
  } catch (const std::exception& error) {
    std::printf("FAILED  %s\n        threw: %s\n", test.name, error.what());
  }
  return false;
}

}  // namespace

Registration::Registration(const char* name, void (*body)()) { tests().push_back({name, body}); }

void fail(const char* file, int line, const std::string& text) {
  throw Failure{std::string(file) + ":" + std::to_string(line) + ": " + text};
}

}  // namespace zc::test

int main(int count, char** arguments) {
  if (count == 3 && std::strcmp(arguments[1], "--child") == 0) return zc::test::run_child_body(arguments[2]);
  const char* wanted = count > 1 ? arguments[1] : "";
  int passed = 0;
  int failed = 0;
  for (const auto& test : zc::test::tests()) {
    if (std::strstr(test.name, wanted) == nullptr) continue;
    std::printf("%s\n", test.name);
    std::fflush(stdout);
    (zc::test::passes(test) ? passed : failed)++;
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}
