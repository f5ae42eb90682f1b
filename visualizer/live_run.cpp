#include "visualizer/live_run.hpp"

#include <algorithm>
#include <utility>

#include "sim/base/user_error.hpp"

namespace hvlab::visualizer {

using record::Json;

namespace {

constexpr double kOften = 0.2;  // seconds between two questions how it stands
// ... and for what its file lacks while it goes on: to answer costs the run some milliseconds, which one that
// is slowed has.
constexpr double kTailOften = 0.25, kTailAtFullSpeed = 1;

u64 number_of(const Json& body, const char* name) {
  const auto found = body.find(name);
  return found != body.end() && found->is_number_unsigned() ? found->get<u64>() : 0;
}

std::string text_of(const Json& body, const char* name) {
  const auto found = body.find(name);
  return found != body.end() && found->is_string() ? found->get<std::string>() : "";
}

bool flag_of(const Json& body, const char* name) {
  const auto found = body.find(name);
  return found != body.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace

LiveStatus live_status_of(const Json& body) {
  LiveStatus status{.time = std::min(number_of(body, "time"), record::kLongestTime),
                    .paused = flag_of(body, "paused"),
                    .why = text_of(body, "why"),
                    .processor_time = std::min(number_of(body, "processor_time"), record::kLongestTime),
                    .instructions = number_of(body, "instructions")};
  if (const auto found = body.find("processor"); found != body.end() && found->is_number_unsigned())
    status.processor = found->get<u64>();
  if (const auto found = body.find("speed"); found != body.end() && found->is_number())
    status.speed = found->get<double>();
  const auto vcpus = body.find("virtual_processors");
  if (vcpus == body.end() || !vcpus->is_array()) return status;
  for (const Json& vcpu : *vcpus)
    if (vcpu.is_object())
      status.vcpus.push_back({.vm = static_cast<unsigned>(number_of(vcpu, "vm")),
                              .vcpu = static_cast<unsigned>(number_of(vcpu, "vcpu")),
                              .exits = number_of(vcpu, "exits")});
  return status;
}

LiveRun::LiveRun(std::string socket) : socket_(std::move(socket)) {
  try {
    client_ = std::make_unique<record::LiveClient>(socket_);
  } catch (const UserError& error) {
    problem_ = error.what();
  }
}

bool LiveRun::waits_for(Wish wish) const {
  return std::ranges::any_of(open_, [&](const auto& one) { return one.second == wish; });
}

// Requests are few and small, so that sending one never waits: a run that answers none gets no more.
bool LiveRun::ask(Wish wish, Json request) {
  if (!attached() || open_.size() >= kMostOpen) return false;
  open_[client_->ask(std::move(request))] = wish;
  return attached();
}

bool LiveRun::poll(double now) {
  changed_ = false;
  if (!attached()) return false;
  const bool due = asked_ < 0 || now - asked_ >= kOften;
  const bool at_rest = status_ && status_->paused;  // it says by itself when it goes on
  if (due && !at_rest && !waits_for(Wish::Status) && ask(Wish::Status, {{"do", "status"}})) asked_ = now;
  watch_tail(now);
  client_->poll(0);
  for (const Json& body : client_->news()) take_news(body);
  for (auto one = open_.begin(); one != open_.end();) {
    std::optional<Json> body = client_->answer(one->first);
    const Wish wish = one->second;
    one = body ? open_.erase(one) : std::next(one);
    if (body) take_answer(wish, std::move(*body));
  }
  if (!client_->connected()) lost();
  return changed_;
}

// A block of its trace can take it long to fill.
void LiveRun::watch_tail(double now) {
  if (!status_ || status_->paused || no_tail_ || waits_for(Wish::Tail)) return;
  if (tail_asked_ < 0) tail_asked_ = now;
  if (now - tail_asked_ < (status_->speed == 0 ? kTailAtFullSpeed : kTailOften)) return;
  ask_tail();
  tail_asked_ = now;
}

// What it had said of itself holds no more.
void LiveRun::lost() {
  open_.clear();
  status_.reset();
  document_ = nullptr;
  document_of_.reset();
  changed_ = true;
}

void LiveRun::stopped(LiveStatus status) {
  const bool anew = !status_ || !status_->paused || status_->here() != status.here();
  status_ = std::move(status);
  if (!anew) return;
  document_ = nullptr;
  document_of_.reset();
  ask_tail();
}

void LiveRun::take_news(const Json& body) {
  const std::string event = text_of(body, "event");
  changed_ = true;
  if (event == "paused") {
    LiveStatus status = live_status_of(body);
    stop_ = status.here();
    stopped(std::move(status));
  } else if (event == "running" && status_) {
    status_->paused = false;
    status_->why.clear();
  }
}

void LiveRun::take_answer(Wish wish, Json body) {
  const bool done = flag_of(body, "ok");
  if (wish == Wish::Deed || wish == Wish::State) problem_ = done ? "" : text_of(body, "error");
  switch (wish) {
    case Wish::Status: {
      if (!done) return;
      LiveStatus status = live_status_of(body);
      changed_ |= !status_ || !(*status_ == status);
      if (status.paused) return stopped(std::move(status));
      status_ = std::move(status);
      return;
    }
    case Wish::Deed: changed_ = true; return;
    case Wish::Tail:
      no_tail_ = !done;  // it records no trace: the views say so
      tail_ = record::trace_tail_of(body);
      if (tail_ && status_ && status_->paused) tail_->until = status_->here();
      changed_ = true;
      return;
    case Wish::State:
      document_ = done && body.contains("state") ? std::move(body["state"]) : Json();
      document_problem_ = problem_;
      ++documents_;
      changed_ = true;
      return;
  }
}

void LiveRun::pause() { ask(Wish::Deed, {{"do", "pause"}}); }
void LiveRun::go() { ask(Wish::Deed, {{"do", "go"}}); }
void LiveRun::ask_tail() { ask(Wish::Tail, {{"do", "tail"}}); }

void LiveRun::step_exit(std::optional<LiveVcpu> of) {
  if (status_ && !status_->paused) pause();
  Json request = {{"do", "step"}, {"to", "exit"}};
  if (of) request["vm"] = of->vm, request["vcpu"] = of->vcpu;
  ask(Wish::Deed, std::move(request));
}

void LiveRun::step_instruction() {
  if (status_ && !status_->paused) return pause();  // that is between two instructions
  const u64 processor = status_ ? status_->processor.value_or(0) : 0;
  ask(Wish::Deed, {{"do", "step"}, {"to", "instruction"}, {"processor", processor}});
}

// How it stands is asked for anew: of a paused run, too. Until it has answered, the next key counts from
// here.
void LiveRun::set_speed(double speed) {
  if (status_) status_->speed = speed;
  ask(Wish::Deed, {{"do", "speed"}, {"speed", speed}});
  ask(Wish::Status, {{"do", "status"}});
}

LiveState LiveRun::state(const std::string& address) {
  if (!attached() || !status_ || !status_->paused) return {};
  if (document_of_ == address) {
    const bool busy = waits_for(Wish::State);
    return {document_.is_object() ? &document_ : nullptr, documents_, busy, busy ? "" : document_problem_};
  }
  if (waits_for(Wish::State)) return {.busy = true};
  Json request = {{"do", "state"}};
  if (!address.empty()) request["address"] = address;
  if (ask(Wish::State, std::move(request))) document_of_ = address;
  return {.busy = true};
}

}  // namespace hvlab::visualizer
