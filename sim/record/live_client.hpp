// The viewer's side of a live run's socket (docs/live.md): asks, and takes answers and news as they come,
// without ever waiting longer than it is told.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/record/run_files.hpp"

namespace hvlab::record {

/// Where the run with this run.json can be attached to; nothing if it cannot, or has ended.
std::optional<std::string> live_socket(const Json& run);

class LiveClient {
 public:
  /// Attaches to the run at `socket`. Throws RunMissing if nobody is there, or nobody who takes viewers now.
  explicit LiveClient(const std::string& socket);
  ~LiveClient();
  LiveClient(const LiveClient&) = delete;
  LiveClient& operator=(const LiveClient&) = delete;

  /// Sends a request, {"do": ...}; the number that its answer will have. A run that takes none of many
  /// requests is left.
  u64 ask(Json request);
  /// Takes what has come within `milliseconds`. True if something has.
  bool poll(int milliseconds);
  /// The answer to request `number`, once.
  std::optional<Json> answer(u64 number);
  /// What the run has said of itself since the last time: {"event": ...}.
  std::vector<Json> news();
  /// False once the run has ended or the connection broke.
  bool connected() const { return socket_ >= 0; }
  /// What can be polled for input; -1 if not connected.
  int descriptor() const { return socket_; }

 private:
  static constexpr u32 kLongest = u32{256} << 20;  // bytes of a frame to us
  void take_frames();
  void leave();

  int socket_ = -1;
  std::string in_;
  u64 next_ = 1;
  std::map<u64, Json> answers_;
  std::vector<Json> news_;
};

}  // namespace hvlab::record
