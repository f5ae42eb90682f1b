#include "sim/media/disk_medium.hpp"

#include <algorithm>

#include "sim/base/check.hpp"

namespace hvlab::media {

DiskMedium::DiskMedium(std::string name, DiskImage image, const DiskProfile& profile, Clock& clock)
    : image_(std::move(image)), profile_(profile), clock_(clock), mechanism_(make_mechanism(profile)) {
  event_ = clock.add_event(std::move(name) + ".medium", [this] { fire(); });
}

bool DiskMedium::possible(const BlockRequest& request) const {
  if (request.operation == BlockOperation::Flush) return true;
  if (request.offset > capacity() || request.bytes > capacity() - request.offset) return false;
  return request.operation == BlockOperation::Read || !read_only();
}

void DiskMedium::submit(BlockRequest request) {
  HVLAB_CHECK(request.offset % kSectorBytes == 0 && request.bytes % kSectorBytes == 0);
  HVLAB_CHECK(request.operation != BlockOperation::Write || request.data.size() == request.bytes);
  waiting_.push_back(std::move(request));
  if (in_fire_) return;
  dispatch();
  arm();
}

void DiskMedium::abandon() {
  waiting_.clear();
  requests_.clear();
  commands_.clear();
  serving_.clear();
  if (!in_fire_) arm();
}

/// Moves requests into the drive while it has places, and begins what its mechanism can begin.
void DiskMedium::dispatch() {
  const Picoseconds now = clock_.now();
  for (;;) {
    while (!waiting_.empty() && requests_.size() + serving_.size() < profile_.queue_depth) {
      BlockRequest request = std::move(waiting_.front());
      waiting_.pop_front();
      if (!possible(request)) {
        serve(std::move(request), now + profile_.read_overhead, false);
        continue;
      }
      commands_.push_back({request.operation, request.offset, request.bytes, now});
      requests_.push_back(std::move(request));
    }
    if (commands_.empty()) return;
    const auto chosen = mechanism_->choose(commands_, now);
    if (!chosen) return;
    const auto at = static_cast<std::ptrdiff_t>(*chosen);
    const Picoseconds done_at = mechanism_->begin(commands_[*chosen], now);
    serve(std::move(requests_[*chosen]), done_at, true);
    requests_.erase(requests_.begin() + at);
    commands_.erase(commands_.begin() + at);
  }
}

void DiskMedium::serve(BlockRequest request, Picoseconds done_at, bool possible) {
  const auto after =
      std::upper_bound(serving_.begin(), serving_.end(), done_at,
                       [](Picoseconds time, const Serving& each) { return time < each.done_at; });
  serving_.insert(after, {std::move(request), done_at, possible});
}

void DiskMedium::arm() {
  Picoseconds next = serving_.empty() ? kNever : serving_.front().done_at;
  if (!commands_.empty()) next = std::min(next, mechanism_->retry_at());
  if (next == kNever)
    clock_.disarm(event_);
  else
    clock_.arm(event_, next);
}

void DiskMedium::fire() {
  in_fire_ = true;  // what the client submits from block_done() is dispatched once, below
  while (!serving_.empty() && serving_.front().done_at <= clock_.now()) {
    Serving done = std::move(serving_.front());
    serving_.erase(serving_.begin());
    BlockCompletion completion = perform(std::move(done));
    if (client_ != nullptr) client_->block_done(std::move(completion));
  }
  in_fire_ = false;
  dispatch();
  arm();
}

BlockCompletion DiskMedium::perform(Serving serving) {
  BlockRequest& request = serving.request;
  BlockCompletion completion{request.id, serving.possible, {}};
  if (!serving.possible) return completion;
  switch (request.operation) {
    case BlockOperation::Read:
      completion.data.resize(static_cast<size_t>(request.bytes));
      completion.ok = image_.read(request.offset, completion.data);
      if (!completion.ok) completion.data.clear();
      break;
    case BlockOperation::Write: completion.ok = image_.write(request.offset, request.data); break;
    case BlockOperation::Discard: completion.ok = image_.discard(request.offset, request.bytes); break;
    case BlockOperation::Flush: break;
  }
  return completion;
}

}  // namespace hvlab::media
