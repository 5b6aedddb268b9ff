#include "descriptors.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "environment.h"

namespace zc_addon {
namespace {

constexpr size_t kMaxDescriptors = 253;  // SCM_MAX_FD of the kernel
constexpr int kRoomTimeoutMs = 1000;

void throw_argument(Napi::Env env, const char* what) {
  throw_error(env, zc::Error{.code = zc::ErrorCode::argument, .operation = what});
}

// 0, or the errno. What a stream takes only in part is sent on without the descriptors, which went with its first
// byte.
int send_all(int socket, msghdr* message) {
  iovec* rest = message->msg_iov;
  while (rest->iov_len > 0) {
    const ssize_t sent = sendmsg(socket, message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      rest->iov_base = static_cast<std::byte*>(rest->iov_base) + sent;
      rest->iov_len -= static_cast<size_t>(sent);
      message->msg_control = nullptr;
      message->msg_controllen = 0;
    } else if (errno == EAGAIN) {
      pollfd room{.fd = socket, .events = POLLOUT, .revents = 0};
      if (poll(&room, 1, kRoomTimeoutMs) == 0) return ETIMEDOUT;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace

Napi::Value send_descriptors(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int socket = int_argument(info[0]);
  auto payload = info[1].As<Napi::Uint8Array>();
  const auto list = info[2].As<Napi::Array>();
  std::vector<int> descriptors(list.Length());
  for (uint32_t i = 0; i < descriptors.size(); i++) descriptors[i] = int_argument(list.Get(i));
  if (payload.ByteLength() == 0) throw_argument(env, "sending descriptors: the payload is empty");
  if (descriptors.size() > kMaxDescriptors) throw_argument(env, "sending descriptors: more than 253 of them");
  if (env.IsExceptionPending()) return env.Undefined();

  const size_t bytes = descriptors.size() * sizeof(int);
  std::vector<std::byte> control(CMSG_SPACE(bytes));
  iovec body{.iov_base = payload.Data(), .iov_len = payload.ByteLength()};
  msghdr message{};
  message.msg_iov = &body;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(bytes);
    std::memcpy(CMSG_DATA(header), descriptors.data(), bytes);
  }
  if (const int error = send_all(socket, &message); error != 0) {
    throw_error(env, zc::Error{.sys_errno = error, .operation = "sending descriptors"}, "ZC_IO_WRITE");
  }
  return env.Undefined();
}

}  // namespace zc_addon
