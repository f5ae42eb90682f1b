// The requests of a run: what its io.jsonl says, without holding it in memory (docs/io-path.md).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/observe/io_totals.hpp"
#include "sim/views/progress.hpp"

namespace hvlab::views {

/// One line of io.jsonl.
struct Request {
  observe::IoRequest io;             // its exits by code are not in the file
  std::map<std::string, u64> exits;  // by the reasons' names
  u64 cycles = 0;
};

/// What a line says; nothing if it is no request.
std::optional<Request> parse_request(std::string_view line);

class Requests {
 public:
  /// Those of one system, operation and size, as stats.json has them.
  struct Group {
    observe::IoTotals::Key key;  // system, operation, bytes
    std::map<std::string, u64> exits;
    std::vector<u32> by_begin;  // numbers of requests, in the order in which they began
    std::vector<u32> by_time;   // the quickest first; equally quick ones in the order in which they began
  };

  /// Reads file `path`. `frequency_hz` of the processors; 0: cycles of many requests together are not known.
  /// Lines that are no requests are left out, and problem() says so. Throws UserError if there is no such
  /// file. If `progress` says stop, what was read until then.
  static Requests load(const std::filesystem::path& path, u64 frequency_hz, Progress* progress = nullptr);

  size_t size() const { return lines_.size(); }
  /// In order of system, operation and bytes.
  const std::vector<Group>& groups() const { return groups_; }
  /// Number, time, hops of the requests of a group.
  const observe::IoTotals::Group& totals(const Group& group) const { return totals_.groups().at(group.key); }
  /// What was wrong with the file, in one sentence; empty if nothing.
  const std::string& problem() const { return problem_; }

  /// The group that stands for `operation`: what others carry out before what carries it out, then the inner
  /// system, of received frames those as long as the sent ones, then what programs asked for, then the most.
  /// Null if there is none.
  const Group* innermost(observe::IoOperation operation) const;
  /// Null if there is none.
  const Group* find(const observe::IoTotals::Key& key) const;

  /// The request of a group whose time `percent` (0 .. 100) of them do not exceed: 50 the median, 100 the
  /// slowest. Of several equally slow ones the first.
  u32 at_percentile(const Group& group, unsigned percent) const;

  /// Reads request `number` from the file. Throws UserError if the file has changed.
  Request read(u32 number) const;

 private:
  struct Line {
    u64 offset = 0;
    u32 bytes = 0;
    Picoseconds begin = 0, time = 0;
  };
  explicit Requests(u64 frequency_hz) : totals_(frequency_hz) {}
  void add(const Request& request, u64 offset, size_t bytes);
  void arrange();

  std::filesystem::path path_;
  std::string problem_;
  std::vector<Line> lines_;
  std::vector<Group> groups_;
  observe::IoTotals totals_;
};

/// A row of the table of hops: times of one request, in picoseconds; percentiles over all requests of the
/// group, those that do not spend time there included.
struct HopTimes {
  observe::IoStage stage{};
  observe::IoWhere where{};
  std::string label;  // observe::io_hop_label; of the last row, which is the whole request, empty
  u64 requests = 0;   // that spend time there
  double mean = 0, mean_cycles = 0;
  Picoseconds p50 = 0, p90 = 0, p99 = 0, most = 0;
};

/// In the order in which requests meet them, the whole request last.
std::vector<HopTimes> hop_table(const Requests& requests, const Requests::Group& group);

/// The hops of several runs as rows of one table: for each the row in each run's own table, or -1.
std::vector<std::vector<int>> joined_hops(const std::vector<std::vector<HopTimes>>& tables);

}  // namespace hvlab::views
