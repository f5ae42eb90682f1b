// The socket of a live run: frames in and out on a thread of its own (docs/live.md). It knows nothing of the
// machine; the simulation takes requests when it can, and answers them.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sim/record/run_files.hpp"

namespace hvlab::lab {

class LiveServer {
 public:
  using Json = record::Json;
  using HostTime = std::chrono::steady_clock::time_point;
  /// Who a request came from; numbers are not used again.
  using Client = u64;
  struct Request {
    Client client = 0;
    Json body;
    bool left = false;  // not a request: the client has gone
  };

  static constexpr size_t kMostClients = 8;
  static constexpr u32 kLongestRequest = 64 << 10;          // bytes of a frame to us
  static constexpr size_t kMostWaiting = size_t{64} << 20;  // bytes that a client has not taken yet
  static constexpr size_t kMostRequests = 64;               // of one client, not answered yet

  /// Makes the socket and begins to listen. Throws UserError if it cannot be made.
  LiveServer();
  /// Closes everything and removes the socket.
  ~LiveServer();
  LiveServer(const LiveServer&) = delete;
  LiveServer& operator=(const LiveServer&) = delete;

  const std::string& path() const { return path_; }

  /// True if something waits for the simulation. Cheap.
  bool wants_attention() const { return attention_.load(std::memory_order_relaxed); }
  /// What has come since the last time.
  std::vector<Request> take();
  /// Waits until wants_attention() or `until`.
  void wait(HostTime until);

  /// To one client; nothing if it has gone.
  void send(Client client, const Json& body);
  /// To all.
  void tell(const Json& body);
  size_t clients() const;

 private:
  struct Peer {
    int socket = -1;
    std::string in, out;
    size_t open_requests = 0;
    bool closing = false;  // once `out` is empty
  };

  void run();
  void accept_one();
  void read_from(Client client, Peer& peer);
  bool take_frames(Client client, Peer& peer);
  void write_to(Peer& peer);
  void drop_closed();
  void queue(Peer& peer, const Json& body);
  void note(Request request);
  void wake() const;

  std::string path_;
  int listener_ = -1, wake_ = -1;
  mutable std::mutex mutex_;  // of all below
  std::condition_variable arrived_;
  std::map<Client, Peer> peers_;
  std::vector<Request> requests_;
  Client next_ = 1;
  std::atomic<bool> attention_{false};
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace hvlab::lab
