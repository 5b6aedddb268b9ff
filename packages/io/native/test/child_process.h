// Code that may end its process, or that needs one in which nothing has happened yet.
#pragma once

#include <string>

namespace zc::test {

struct ChildEnd {
  int exit_code = -1;  // -1: ended by a signal
  int signal = 0;
};

// Registers the body of a child while the program starts; use CHILD.
struct ChildBody {
  ChildBody(const char* name, int (*body)());
};

// Starts this program afresh, running nothing but the CHILD of that name. A failed check in it is exit code 99.
ChildEnd run_child(const std::string& name);

// For main(): the exit code of the named body.
int run_child_body(const std::string& name);

}  // namespace zc::test

// CHILD(name) { …; return exit_code; }
#define CHILD(name)                                         \
  static int child_##name();                                \
  static const zc::test::ChildBody body_##name(#name, child_##name); \
  static int child_##name()
