// Enough of a test framework for one binary: named tests, checks that say what differed, and a count.
#pragma once

#include <functional>
#include <iostream>
#include <sstream>
#include <string>

namespace zc::test {

// Registers a test while the program starts.
struct Registration {
  Registration(const char* name, void (*body)());
};

// Ends the test that is running.
struct Failure {
  std::string text;
};

[[noreturn]] void fail(const char* file, int line, const std::string& text);

template <typename Value>
std::string shown(const Value& value) {
  std::ostringstream out;
  if constexpr (requires { out << value; }) {
    out << value;
  } else {
    out << "(value)";
  }
  return out.str();
}

template <typename Left, typename Right>
void check_equal(const Left& left, const Right& right, const char* words, const char* file, int line) {
  if (left == right) return;
  fail(file, line, std::string(words) + ": found " + shown(left) + ", expected " + shown(right));
}

}  // namespace zc::test

#define ZC_JOIN_(a, b) a##b
#define ZC_JOIN(a, b) ZC_JOIN_(a, b)

// TEST("what must hold") { … }
#define TEST(name)                                                                                   \
  static void ZC_JOIN(test_, __LINE__)();                                                            \
  static const zc::test::Registration ZC_JOIN(registration_, __LINE__)(name, ZC_JOIN(test_, __LINE__)); \
  static void ZC_JOIN(test_, __LINE__)()

#define CHECK(condition) \
  do {                   \
    if (!(condition)) zc::test::fail(__FILE__, __LINE__, #condition); \
  } while (false)

#define CHECK_EQUAL(found, expected) \
  zc::test::check_equal((found), (expected), #found, __FILE__, __LINE__)

// For a Result: the value, or the test ends with the error's words.
#define REQUIRE_OK(result)                                                                   \
  do {                                                                                       \
    const auto& checked_ = (result);                                                         \
    if (!checked_.ok()) zc::test::fail(__FILE__, __LINE__, #result ": " + zc::describe(checked_.error())); \
  } while (false)
