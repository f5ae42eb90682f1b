#include "sim/lab/live_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "sim/base/user_error.hpp"

namespace hvlab::lab {

namespace {

constexpr size_t kHeader = 4;                 // bytes of a frame's length
constexpr std::chrono::seconds kFarewell{1};  // for what has not been sent at the end

[[noreturn]] void cannot(const std::string& path, const char* what) {
  throw UserError("--live: '" + path + "': " + what + ": " + std::strerror(errno));
}

/// A folder that nobody else can write to. Others' folders under that name are not trusted.
std::string private_folder() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const bool given = runtime != nullptr && *runtime == '/' && access(runtime, W_OK) == 0;
  const std::string path = given ? std::string(runtime) + "/hvlab" : "/tmp/hvlab-" + std::to_string(getuid());
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) cannot(path, "cannot be made");
  struct stat facts{};
  if (lstat(path.c_str(), &facts) != 0) cannot(path, "cannot be looked at");
  if (!S_ISDIR(facts.st_mode) || facts.st_uid != getuid() || (facts.st_mode & 077) != 0)
    throw UserError("--live: '" + path + "' must be a folder of yours that nobody else can use (chmod 700)");
  return path;
}

std::string framed(const LiveServer::Json& body) {
  const std::string text = body.dump(-1, ' ', false, LiveServer::Json::error_handler_t::replace);
  const u32 length = static_cast<u32>(text.size());
  std::string frame(kHeader, '\0');
  for (size_t i = 0; i < kHeader; ++i) frame[i] = static_cast<char>(length >> (8 * i));
  return frame + text;
}

u32 length_of(const std::string& frame) {
  u32 length = 0;
  for (size_t i = 0; i < kHeader; ++i) length |= u32{static_cast<u8>(frame[i])} << (8 * i);
  return length;
}

}  // namespace

LiveServer::LiveServer() {
  path_ = private_folder() + "/" + std::to_string(getpid()) + ".sock";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path)
    throw UserError("--live: '" + path_ +
                    "' is longer than a socket's path may be; set XDG_RUNTIME_DIR to a shorter folder");
  std::copy(path_.begin(), path_.end(), address.sun_path);
  unlink(path_.c_str());  // of an earlier process of this number, which is no more
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const mode_t before = umask(0177);
  const bool bound =
      listener_ >= 0 && bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  umask(before);
  if (!bound || listen(listener_, kMostClients) != 0) {
    if (listener_ >= 0) close(listener_);
    cannot(path_, "no socket can be made there");
  }
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  thread_ = std::thread([this] { run(); });
}

LiveServer::~LiveServer() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake();
  thread_.join();
  for (auto& [client, peer] : peers_) close(peer.socket);
  close(listener_);
  close(wake_);
  unlink(path_.c_str());
}

void LiveServer::wake() const {
  const u64 one = 1;
  [[maybe_unused]] const ssize_t ignored = write(wake_, &one, sizeof one);
}

std::vector<LiveServer::Request> LiveServer::take() {
  const std::lock_guard lock(mutex_);
  attention_ = false;
  return std::exchange(requests_, {});
}

void LiveServer::wait(HostTime until) {
  std::unique_lock lock(mutex_);
  arrived_.wait_until(lock, until, [this] { return attention_.load(); });
}

void LiveServer::queue(Peer& peer, const Json& body) {
  if (peer.closing) return;
  peer.out += framed(body);
  if (peer.out.size() <= kMostWaiting) return;
  peer.out.clear();  // it does not listen
  peer.closing = true;
}

void LiveServer::send(Client client, const Json& body) {
  const std::lock_guard lock(mutex_);
  const auto peer = peers_.find(client);
  if (peer == peers_.end()) return;
  if (peer->second.open_requests != 0) --peer->second.open_requests;
  queue(peer->second, body);
  wake();
}

void LiveServer::tell(const Json& body) {
  const std::lock_guard lock(mutex_);
  for (auto& [client, peer] : peers_) queue(peer, body);
  wake();
}

size_t LiveServer::clients() const {
  const std::lock_guard lock(mutex_);
  return peers_.size();
}

void LiveServer::note(Request request) {
  requests_.push_back(std::move(request));
  attention_ = true;
  arrived_.notify_all();
}

void LiveServer::accept_one() {
  const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (socket < 0) return;
  if (peers_.size() == kMostClients) {
    close(socket);
    return;
  }
  peers_[next_++].socket = socket;
}

/// Whole frames of what has come. False: what came is no protocol.
bool LiveServer::take_frames(Client client, Peer& peer) {
  size_t at = 0;
  bool good = true;
  while (good && peer.in.size() - at >= kHeader) {
    const u32 length = length_of(peer.in.substr(at, kHeader));
    good = length <= kLongestRequest;
    if (!good || peer.in.size() - at - kHeader < length) break;
    Json body =
        Json::parse(peer.in.begin() + static_cast<std::ptrdiff_t>(at + kHeader),
                    peer.in.begin() + static_cast<std::ptrdiff_t>(at + kHeader + length), nullptr, false);
    at += kHeader + length;
    good = body.is_object() && peer.open_requests < kMostRequests;
    if (!good) break;
    ++peer.open_requests;
    note({client, std::move(body), false});
  }
  peer.in.erase(0, at);
  return good;
}

void LiveServer::read_from(Client client, Peer& peer) {
  char bytes[16384];
  const ssize_t count = recv(peer.socket, bytes, sizeof bytes, 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    peer.out.clear();
    peer.closing = true;
    return;
  }
  peer.in.append(bytes, static_cast<size_t>(count));
  if (take_frames(client, peer)) return;
  queue(peer, {{"ok", false}, {"error", "this is no request; see docs/live.md"}});
  peer.closing = true;
}

void LiveServer::write_to(Peer& peer) {
  const ssize_t count = ::send(peer.socket, peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
  if (count > 0) peer.out.erase(0, static_cast<size_t>(count));
  if (count >= 0 || errno == EAGAIN || errno == EINTR) return;
  peer.out.clear();
  peer.closing = true;
}

void LiveServer::drop_closed() {
  for (auto it = peers_.begin(); it != peers_.end();) {
    if (!it->second.closing || !it->second.out.empty()) {
      ++it;
      continue;
    }
    close(it->second.socket);
    const Client client = it->first;
    it = peers_.erase(it);
    note({client, {}, true});
  }
}

void LiveServer::run() {
  HostTime last = HostTime::max();
  for (;;) {
    std::vector<pollfd> polled = {{listener_, POLLIN, 0}, {wake_, POLLIN, 0}};
    std::vector<Client> whose;
    {
      const std::lock_guard lock(mutex_);
      const auto now = std::chrono::steady_clock::now();
      if (ending_ && last == HostTime::max()) last = now + kFarewell;
      const bool silent = std::ranges::all_of(peers_, [](const auto& one) { return one.second.out.empty(); });
      if (ending_ && (silent || now >= last)) return;
      for (const auto& [client, peer] : peers_) {
        const bool listens = !peer.closing && !ending_;
        const int events = (listens ? POLLIN : 0) | (peer.out.empty() ? 0 : POLLOUT);
        polled.push_back({peer.socket, static_cast<short>(events), 0});
        whose.push_back(client);
      }
    }
    if (poll(polled.data(), polled.size(), 200) < 0 && errno != EINTR) return;
    const std::lock_guard lock(mutex_);
    u64 drained = 0;
    [[maybe_unused]] const ssize_t ignored = read(wake_, &drained, sizeof drained);
    for (size_t i = 0; i < whose.size(); ++i) {
      const auto peer = peers_.find(whose[i]);
      if (peer == peers_.end()) continue;
      const short happened = polled[i + 2].revents;
      if ((happened & POLLOUT) != 0) write_to(peer->second);
      if ((happened & (POLLIN | POLLHUP | POLLERR)) != 0 && !peer->second.closing)
        read_from(peer->first, peer->second);
    }
    if ((polled[0].revents & POLLIN) != 0 && !ending_) accept_one();
    drop_closed();
  }
}

}  // namespace hvlab::lab
