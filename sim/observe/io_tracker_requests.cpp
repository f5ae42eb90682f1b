// The tracker's requests: from the driver that starts one to its end, and its time cut into pieces.
#include <algorithm>
#include <bit>

#include "sim/observe/io_tracker.hpp"

namespace hvlab::observe {

namespace {

constexpr u64 kSectorBytes = 512;

bool share_a_page(const std::vector<u64>& a, const std::vector<u64>& b) {
  return std::ranges::any_of(a, [&](u64 page) { return std::ranges::find(b, page) != b.end(); });
}

u64 bytes_elsewhere(const IoFacts& whole, const IoFacts& part) {
  return share_a_page(whole.pages, part.pages) ? 0 : part.bytes;
}

}  // namespace

void IoTracker::started(u8 index, Picoseconds time, u64 address, u64 thread, IoFacts facts, bool again) {
  core(index);
  const unsigned system = system_of(index);
  if (const auto known = live_.find({system, address}); known != live_.end()) {
    Live& live = *known->second;
    const bool fresh = is_trip(facts.operation) && live.round_trip();
    if (!fresh) {  // handed to the driver once more
      if (again && !live.request.saw(IoStage::Medium))
        live.see(IoStage::Submit, timeline_.now(index, time), true);
      return;
    }
    std::erase(order_, &live);
    live_.erase(known);
  }
  auto live = std::make_unique<Live>();
  live->address = address;
  live->thread = thread;
  live->request.system = system;
  live->request.operation = facts.operation;
  live->request.sector = facts.sector;
  live->request.bytes = facts.bytes;
  live->facts = std::move(facts);
  const Moment now = timeline_.now(index, time);
  if (const auto call = calls_.find({system, thread}); call != calls_.end()) {
    live->see(IoStage::Call, call->second.free.value_or(call->second.entered));
    for (auto& before : call->second.waiting) finish(std::move(before));
    waiting_ -= call->second.waiting.size();
    call->second.waiting.clear();
  }
  live->see(IoStage::Submit, now);
  if (drives(system) && !live->round_trip()) {
    live->see(IoStage::Driver, now);
    adopt(*live);
  }
  order_.push_back(live.get());
  live_.emplace(Key{system, address}, std::move(live));
}

/// Whose request `part` carries out: by its memory, else by what it asks for, in one piece or in several.
IoTracker::Live* IoTracker::whole_for(const Live& part) {
  const auto eligible = [&](const Live& whole) {
    return !drives(whole.request.system) && !whole.ended && whole.request.operation == part.request.operation;
  };
  const auto sector = [&](const Live& whole) {
    const auto first = first_sector_.find(whole.request.system);
    return whole.request.sector + (first == first_sector_.end() ? 0 : first->second);
  };
  const auto same = [&](const Live* whole) {
    return eligible(*whole) && !whole->facts.pages.empty() &&
           share_a_page(whole->facts.pages, part.facts.pages);
  };
  const auto alike = [&](const Live* whole) {
    if (!eligible(*whole) || whole->request.parts != 0 || whole->request.bytes != part.request.bytes)
      return false;
    return part.request.operation == IoOperation::Flush || sector(*whole) == part.request.sector;
  };
  const auto within = [&](const Live* whole) {
    if (!eligible(*whole) || part.request.bytes == 0 ||
        whole->carried + part.request.bytes > whole->request.bytes)
      return false;
    const u64 first = sector(*whole), offset = (part.request.sector - first) * kSectorBytes;
    return part.request.sector >= first && offset + part.request.bytes <= whole->request.bytes;
  };
  auto found = std::ranges::find_if(order_, same);
  if (found == order_.end()) found = std::ranges::find_if(order_, alike);
  if (found == order_.end()) found = std::ranges::find_if(order_, within);
  return found == order_.end() ? nullptr : *found;
}

void IoTracker::adopt(Live& part) {
  Live* const found = whole_for(part);
  if (found == nullptr) return;
  Live& whole = *found;
  part.parent = &whole;
  ++whole.request.parts;
  ++whole.open_parts;
  whole.carried += part.request.bytes;
  whole.see(IoStage::Driver, part.at[static_cast<unsigned>(IoStage::Driver)]);
  const bool known = !whole.facts.pages.empty() && !part.facts.pages.empty();
  whole.request.copy_known = known && (whole.request.parts == 1 || whole.request.copy_known);
  if (known) part.assumed_copied = bytes_elsewhere(whole.facts, part.facts);
  whole.request.copied += part.assumed_copied;
}

void IoTracker::copied(u8 index, u64 address, u64 bytes) {
  core(index);
  const auto found = live_.find({system_of(index), address});
  if (found == live_.end()) return;
  IoRequest& request = found->second->request;
  if (!found->second->marks_copies) request.copied = 0;
  found->second->marks_copies = request.copy_known = true;
  request.copied += bytes;
}

/// What was seen of a part was seen of the whole: the first to reach the device and the last to come back.
void IoTracker::hand_down(Live& part) {
  if (part.parent == nullptr) return;
  for (unsigned n = static_cast<unsigned>(IoStage::Device); n <= static_cast<unsigned>(IoStage::Complete);
       ++n) {
    const auto stage = static_cast<IoStage>(n);
    if (part.request.saw(stage)) part.parent->see(stage, part.at[n], stage >= IoStage::Done);
  }
  if (part.marks_copies &&
      !part.parent->marks_copies) {  // who copies knows it better than who compares places
    part.parent->request.copied += part.request.copied - part.assumed_copied;
    part.parent->request.copy_known = true;
  }
  --part.parent->open_parts;
  part.parent = nullptr;
}

void IoTracker::ended(u8 index, Picoseconds time, u64 address) {
  core(index);
  const auto found = live_.find({system_of(index), address});
  if (found == live_.end() || found->second->round_trip()) return;
  std::unique_ptr<Live> live = std::move(found->second);
  live_.erase(found);
  end(std::move(live), timeline_.now(index, time));
}

void IoTracker::answered(u8 index, Picoseconds time, u64 address, u64 bytes) {
  core(index);
  const auto found = live_.find({system_of(index), address});
  if (found == live_.end() || !found->second->round_trip()) return;
  std::unique_ptr<Live> live = std::move(found->second);
  live_.erase(found);
  if (!live->request.saw(IoStage::Medium)) {  // it has not left the machine
    std::erase(order_, live.get());
    return;
  }
  const Picoseconds sent = live->at[static_cast<unsigned>(IoStage::Medium)].time;
  const auto fits = [&](const Frame& frame) {
    return frame.bytes == std::max(bytes, kShortestFrame) && frame.received.time >= sent;
  };
  const auto frame = std::ranges::find_if(frames_, fits);
  if (frame != frames_.end()) {
    live->see(IoStage::Done, frame->received);
    live->see_after(IoStage::Done, IoStage::Interrupt, frame->signal.asked);
    live->see_after(IoStage::Done, IoStage::Handler, frame->signal.taken);
  }
  end(std::move(live), timeline_.now(index, time));
}

void IoTracker::end(std::unique_ptr<Live> live, const Moment& now) {
  std::erase(order_, live.get());
  live->ended = true;
  IoRequest& request = live->request;
  if (live->round_trip()) {
    if (request.system != 0)
      live->see_after(IoStage::Done, IoStage::Injected, core(now.core).guest_interrupt);
  } else if (drives(request.system)) {
    live->see_after(IoStage::Done, IoStage::Handler, core(now.core).interrupt);
    if (request.system != 0) live->see_after(IoStage::Done, IoStage::Handler, core(now.core).guest_interrupt);
    live->see(IoStage::Complete, now);
    hand_down(*live);
  } else {
    live->see_after(IoStage::Complete, IoStage::Injected, core(now.core).guest_interrupt);
  }
  for (Live* part : order_)
    if (part->parent == live.get()) part->parent = nullptr;
  live->see(IoStage::Return, now);
  live->last = now;
  const auto call = calls_.find({request.system, live->thread});
  if (!request.saw(IoStage::Call) || call == calls_.end()) {
    finish(std::move(live));
  } else {
    call->second.free = now;
    call->second.waiting.push_back(std::move(live));
    ++waiting_;
  }
  forget();
}

/// Cuts its time into pieces, stage by stage.
void IoTracker::cut(Live& live) {
  IoRequest& request = live.request;
  const bool sent = request.operation == IoOperation::Send;
  unsigned n = static_cast<unsigned>(std::countr_zero(request.seen));
  request.begin = live.at[n].time;
  Picoseconds from = request.begin;
  while (n < kIoStages) {
    const auto stage = static_cast<IoStage>(n);
    unsigned next = n + 1;
    while (next < kIoStages && (request.seen >> next & 1) == 0) ++next;
    // A processor may be ahead of another by a part of a slice: what a later one of them saw counts from
    // there.
    Moment to = next < kIoStages ? live.at[next] : live.last;
    to.time = std::max(to.time, from);
    request.end = to.time;
    switch (stage) {
      case IoStage::Device:
      case IoStage::Medium:
        if (sent && stage == IoStage::Medium) {  // it has left: what follows is not the wire's
          timeline_.path(from, to, stage, request.system, request.pieces);
        } else if (from < to.time)
          request.pieces.push_back(
              {stage, stage == IoStage::Device ? IoWhere::Device : IoWhere::Medium, to.core, from, to.time});
        break;
      case IoStage::Done:
      case IoStage::Interrupt: timeline_.activity(from, to, stage, request.system, request.pieces); break;
      default: timeline_.path(from, to, stage, request.system, request.pieces);
    }
    from = to.time;
    n = next;
  }
}

void IoTracker::finish(std::unique_ptr<Live> live) {
  cut(*live);
  done_(std::move(live->request));
}

void IoTracker::finish() {
  for (auto& [key, call] : calls_) {
    for (auto& live : call.waiting) finish(std::move(live));
    call.waiting.clear();
  }
  waiting_ = 0;
  for (const auto& live : sends_) live->in_call = live->at_driver = false;
  settle_sends();
}

void IoTracker::forget() {
  forget_frames();
  while (!order_.empty() && order_.front()->round_trip() &&
         order_.front()->at[static_cast<unsigned>(IoStage::Submit)].time + kLost < newest_)
    live_.erase({order_.front()->request.system, order_.front()->address}), order_.pop_front();
  // The first piece of a later request may begin with a system call in progress; before that nothing is asked
  // for.
  if (live_.empty() && waiting_ == 0 && sends_.empty() && frames_.empty() &&
      timeline_.size() > kMostMarks / 64)
    timeline_.forget();
}

}  // namespace hvlab::observe
