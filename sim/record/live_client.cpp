#include "sim/record/live_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace hvlab::record {

namespace {

constexpr size_t kHeader = 4;  // bytes of a frame's length, lowest first
constexpr const char* kProtocol = "hvlab.live/1";
constexpr int kMostPieces = 64;  // taken at a time: who sends without end does not hold us

u32 length_at(const std::string& bytes, size_t at) {
  u32 length = 0;
  for (size_t i = 0; i < kHeader; ++i) length |= u32{static_cast<u8>(bytes[at + i])} << (8 * i);
  return length;
}

}  // namespace

std::optional<std::string> live_socket(const Json& run) {
  const auto live = run.find("live");
  const bool running = run.value("state", "") == name(RunState::Running);
  if (!running || live == run.end() || !live->is_object()) return std::nullopt;
  if (live->value("protocol", "") != kProtocol) return std::nullopt;
  const bool ended = run.contains("process") && !may_be_running(run["process"]);
  std::string socket = live->value("socket", "");
  return ended || socket.empty() ? std::nullopt : std::optional(std::move(socket));
}

LiveClient::LiveClient(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof address.sun_path) throw RunMissing("'" + socket + "' is too long for a socket");
  std::copy(socket.begin(), socket.end(), address.sun_path);
  socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
  const std::string why = std::strerror(errno);
  leave();
  throw RunMissing("the run at '" + socket + "' cannot be attached to: " + why);
}

LiveClient::~LiveClient() { leave(); }

void LiveClient::leave() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

u64 LiveClient::ask(Json request) {
  const u64 number = next_++;
  request["id"] = number;
  const std::string text = request.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string frame(kHeader, '\0');
  for (size_t i = 0; i < kHeader; ++i) frame[i] = static_cast<char>(text.size() >> (8 * i));
  frame += text;
  for (size_t sent = 0; sent < frame.size() && connected();) {
    const ssize_t count = send(socket_, frame.data() + sent, frame.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) leave();  // also if it has taken nothing for as long as its buffer lasted
    if (count > 0) sent += static_cast<size_t>(count);
  }
  return number;
}

void LiveClient::take_frames() {
  size_t at = 0;
  while (in_.size() - at >= kHeader) {
    const u32 length = length_at(in_, at);
    if (length > kLongest) return leave();
    if (in_.size() - at - kHeader < length) break;
    const auto first = in_.begin() + static_cast<std::ptrdiff_t>(at + kHeader);
    Json body = Json::parse(first, first + static_cast<std::ptrdiff_t>(length), nullptr, false);
    at += kHeader + length;
    if (!body.is_object()) return leave();
    const auto id = body.find("id");
    const u64 number = id != body.end() && id->is_number_unsigned() ? id->get<u64>() : 0;
    if (number >= next_) continue;  // nobody has asked that
    if (number != 0)
      answers_[number] = std::move(body);
    else
      news_.push_back(std::move(body));
  }
  in_.erase(0, at);
}

bool LiveClient::poll(int milliseconds) {
  bool some = false;
  int wait = milliseconds;
  for (int piece = 0; piece < kMostPieces && connected(); ++piece, wait = 0) {
    pollfd polled{socket_, POLLIN, 0};
    if (::poll(&polled, 1, wait) <= 0) break;
    char bytes[65536];
    const ssize_t count = recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count <= 0) {
      leave();
      return true;
    }
    in_.append(bytes, static_cast<size_t>(count));
    take_frames();
    some = true;
  }
  return some;
}

std::optional<Json> LiveClient::answer(u64 number) {
  const auto found = answers_.find(number);
  if (found == answers_.end()) return std::nullopt;
  Json body = std::move(found->second);
  answers_.erase(found);
  return body;
}

std::vector<Json> LiveClient::news() { return std::exchange(news_, {}); }

}  // namespace hvlab::record
