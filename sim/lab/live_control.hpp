// What whoever is attached to a live run may do with it (docs/live.md): pause, go on, step, set its pace,
// look. It stops the host's time, never the simulated one: a run that was paused and stepped leaves what one
// leaves that was not.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "sim/lab/live_server.hpp"
#include "sim/lab/machine_look.hpp"
#include "sim/record/trace_writer.hpp"

namespace hvlab::lab {

class LiveControl final : public observe::Observer {
 public:
  using Json = record::Json;

  /// Stands in front of `next`, which may be null. `trace` likewise. With `waits` the run is paused until
  /// somebody says go.
  LiveControl(LiveServer& server, board::Machine& machine, const BootOptions& options,
              observe::Observer* next, const record::TraceWriter* trace, bool waits);
  ~LiveControl() override;
  LiveControl(const LiveControl&) = delete;
  LiveControl& operator=(const LiveControl&) = delete;

  void on_event(const observe::Event& event) override;

  /// Does this whenever the run pauses, before anybody is told: puts into files what waits in memory.
  void at_stops(std::function<void()> deed) { at_stops_ = std::move(deed); }

  /// Between two turns of the processors: takes requests, and waits while the run is paused or too fast.
  void between_turns();
  /// The same before time jumps by `span`.
  void before_idle(Picoseconds span);

  /// The run has ended.
  void finish(const board::RunEnd& end);

  // For the requests (live_requests.cpp); each returns what is wrong, or an empty text.
  std::string pause();
  std::string go();
  std::string step(const Json& request);
  std::string set_speed(const Json& request);
  Json status() const;
  std::string state(const Json& request, Json& answer);
  std::string walk(const Json& request, Json& answer) const;
  std::string tail(const Json& request, Json& answer) const;

 private:
  /// What ends the next stretch of running.
  struct Step {
    enum class To : u8 { Nothing, Exit, Instruction, Time } to = To::Nothing;
    unsigned vm = 0, vcpu = 0;  // of Exit; vm 0: any
    size_t processor = 0;       // of Instruction ...
    u64 cycle = 0;              // ... where that processor was
    Picoseconds time = 0;       // of Time
  };

  void service(std::optional<size_t> processor);
  void handle_all();
  void keep_pace(Picoseconds time);
  void arm();
  void stop_here(const std::string& why, std::optional<size_t> processor);
  bool reached(size_t processor) const;

  LiveServer& server_;
  board::Machine& machine_;
  MachineLook look_;
  observe::Observer* next_;
  const record::TraceWriter* trace_;
  std::function<void()> at_stops_;
  bool paused_ = false;
  bool attached_ = false;  // somebody has been since the pause
  std::string why_;
  std::optional<size_t> current_;  // the processor at whose instruction requests are taken
  std::optional<size_t> where_;    // ... at whose instruction it paused
  Step step_;
  std::optional<observe::Event> exit_;  // the one that the step was to; waits for its instruction's end
  double speed_ = 0;                    // simulated seconds in one of the host's; 0: as fast as it can
  LiveServer::HostTime pace_host_{};
  Picoseconds pace_time_ = 0;
};

/// A member of a request that is no whole number where one is wanted.
struct BadRequest {
  std::string what;
};
/// Member `name` of `request`, a whole number from 0 on; `otherwise` if it is not there. Throws BadRequest.
u64 whole_number(const record::Json& request, const char* name, u64 otherwise);

/// Answers a request: {"id", "ok", ...}.
record::Json answer_to(LiveControl& control, const record::Json& request);

}  // namespace hvlab::lab
