#include "sim/observe/io_tracker.hpp"

#include <algorithm>

#include "sim/base/bits.hpp"

namespace hvlab::observe {

namespace {

constexpr u64 kToMedium = u64{1} << 63;
// A request that never ends must not make everything be remembered.
constexpr size_t kMostMarks = size_t{1} << 20;
constexpr size_t kMostDoorbells = 16, kMostFrames = 64;
// A datagram that has no answer by then has none.
constexpr Picoseconds kLost = kSecond;
constexpr u64 kShortestFrame = 60;  // shorter ones are padded

/// What a device says of the request that it makes of one (EventKind::RequestStart).
u64 device_size(const IoFacts& facts) {
  switch (facts.operation) {
    case IoOperation::Read: return facts.bytes;
    case IoOperation::Write: return facts.bytes | kToMedium;
    default: return 0;
  }
}

bool share_a_page(const std::vector<u64>& a, const std::vector<u64>& b) {
  return std::ranges::any_of(a, [&](u64 page) { return std::ranges::find(b, page) != b.end(); });
}

u64 bytes_elsewhere(const IoFacts& whole, const IoFacts& part) {
  return share_a_page(whole.pages, part.pages) ? 0 : part.bytes;
}

}  // namespace

void IoTracker::Live::see(IoStage stage, const Moment& moment, bool again) {
  const auto n = static_cast<unsigned>(stage);
  if (request.saw(stage) && !again) return;
  request.seen = static_cast<u16>(request.seen | 1u << n);
  at[n] = moment;
}

void IoTracker::Live::see_after(IoStage earlier, IoStage stage, const std::optional<Moment>& moment) {
  if (moment && request.saw(earlier) && moment->time >= at[static_cast<unsigned>(earlier)].time)
    see(stage, *moment);
}

// --- processors ---

IoTracker::Core& IoTracker::core(u8 index) {
  if (index >= cores_.size()) cores_.resize(index + 1u);
  return cores_[index];
}

unsigned IoTracker::system_of(u8 index) const {
  if (index >= cores_.size() || cores_[index].block == 0) return 0;
  return machine_of_block_.at(cores_[index].block);
}

IoWhere IoTracker::where(u8 index) const {
  const Core& it = cores_[index];
  if (it.halted) return IoWhere::Idle;
  if (it.block != 0) return guest_user_.at(it.block) ? IoWhere::GuestUser : IoWhere::GuestKernel;
  if (it.host_level == 3) return IoWhere::HostUser;
  return vcpu_threads_.contains(timeline_.thread(index)) ? IoWhere::Hypervisor : IoWhere::HostKernel;
}

void IoTracker::mark(u8 index, Picoseconds time) {
  timeline_.mark(index, time, where(index), system_of(index));
}

Picoseconds IoTracker::after(Picoseconds time, i64 cycles) const {
  const u64 cycle = scale_up(time, costs_.frequency_hz, kSecond);
  return scale(cycle + static_cast<u64>(cycles), kSecond, costs_.frequency_hz);
}

void IoTracker::on_event(const Event& event) {
  newest_ = std::max(newest_, event.time);
  if (event.device != 0) return device_event(event);
  Core& it = core(event.core);
  const bool runs = event.kind != EventKind::Halt;
  if (it.halted && runs) {
    it.halted = false;
    mark(event.core, event.time);
  }
  switch (event.kind) {
    case EventKind::RingChange:
      if (it.block != 0) {
        guest_user_[it.block] = event.b == 3;
      } else {
        it.host_level = static_cast<u8>(event.b);
      }
      return mark(event.core, event.time);
    case EventKind::Halt: it.halted = true; return mark(event.core, event.time);
    case EventKind::AddressSpace:
      if (it.block == 0) it.host_space = event.a;
      return;
    case EventKind::Interrupt:
      (it.block == 0 ? it.interrupt : it.guest_interrupt) = timeline_.now(event.core, event.time);
      if (it.block == 0) interrupt_taken(event);
      return;
    case EventKind::VmEntry: return enter(event);
    case EventKind::VmExit: return leave(event);
    default: return;
  }
}

/// A machine is known by its nested root, else by its host process' address space; a root that appears later
/// under a known control block is the same machine's.
unsigned IoTracker::machine_of(u64 block, u64 root, const Core& it) {
  const u64 machine = root != 0 ? root : it.host_space;
  if (const auto known = machine_of_block_.find(block); known != machine_of_block_.end()) {
    machines_.emplace(machine, known->second);
    return known->second;
  }
  unsigned next = 1;
  for (const auto& [space, number] : machines_) next = std::max(next, number + 1);
  return machine_of_block_[block] = machines_.emplace(machine, next).first->second;
}

void IoTracker::enter(const Event& event) {
  Core& it = core(event.core);
  timeline_.mark(event.core, after(event.time, -static_cast<i64>(costs_.entry_cycles)), IoWhere::Entry);
  machine_of(event.a, event.b, it);
  guest_user_.emplace(event.a, false);
  it.block = event.a;
  if (const u64 thread = timeline_.thread(event.core); thread != 0) vcpu_threads_.insert(thread);
  mark(event.core, event.time);
}

void IoTracker::leave(const Event& event) {
  Core& it = core(event.core);
  if (it.block == 0) return;
  const unsigned machine = machine_of_block_.at(it.block);
  for (Live* live : order_) {
    if (live->request.system == machine && !live->ended) ++live->request.exits[event.a];
  }
  timeline_.mark(event.core, event.time, IoWhere::Exit);
  it.block = 0;
  it.host_level = 0;
  it.halted = false;
  mark(event.core, after(event.time, static_cast<i64>(costs_.exit_cycles)));
}

void IoTracker::switched(u8 index, Picoseconds time, u64 thread) {
  core(index);
  timeline_.run(index, time, thread,
                vcpu_threads_.contains(thread) ? IoWhere::Hypervisor : IoWhere::HostKernel);
  if (timeline_.size() > kMostMarks) timeline_.forget();
}

void IoTracker::woken(u8 index, Picoseconds time, u64 thread) { timeline_.wake(index, time, thread); }

// --- system calls ---

void IoTracker::system_call(u8 index, Picoseconds time, u64 thread) {
  core(index);
  const unsigned system = system_of(index);
  if (system == 0 && timeline_.thread(index) == 0) timeline_.set_thread(index, thread);
  Thread& call = calls_[{system, thread}];
  for (auto& live : call.waiting) finish(std::move(live));
  waiting_ -= call.waiting.size();
  call = Thread{.entered = timeline_.now(index, time), .free = {}, .waiting = {}};
}

void IoTracker::returned(u8 index, Picoseconds time, u64 thread) {
  core(index);
  const unsigned system = system_of(index);
  if (system == 0 && timeline_.thread(index) == 0) timeline_.set_thread(index, thread);
  const auto call = calls_.find({system, thread});
  if (call == calls_.end()) return;
  const Moment now = timeline_.now(index, time);
  for (auto& live : call->second.waiting) {
    live->last = now;
    finish(std::move(live));
  }
  waiting_ -= call->second.waiting.size();
  calls_.erase(call);
  forget();
}

// --- requests ---

void IoTracker::started(u8 index, Picoseconds time, u64 address, u64 thread, IoFacts facts) {
  core(index);
  const unsigned system = system_of(index);
  if (const auto known = live_.find({system, address}); known != live_.end()) {
    const bool again = facts.operation != IoOperation::RoundTrip || !known->second->round_trip();
    if (again) return;  // handed to the driver once more
    std::erase(order_, known->second.get());
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
  if (system == 0 && !live->round_trip()) {
    live->see(IoStage::Driver, now);
    adopt(*live);
  }
  order_.push_back(live.get());
  live_.emplace(Key{system, address}, std::move(live));
}

/// Finds whose request `part` carries out: by its memory, else by what it asks for.
void IoTracker::adopt(Live& part) {
  const auto same = [&](const Live& whole) {
    if (whole.request.system == 0 || whole.ended || whole.request.operation != part.request.operation)
      return false;
    return !whole.facts.pages.empty() && share_a_page(whole.facts.pages, part.facts.pages);
  };
  const auto alike = [&](const Live& whole) {
    if (whole.request.system == 0 || whole.ended || whole.request.parts != 0) return false;
    if (whole.request.operation != part.request.operation || whole.request.bytes != part.request.bytes)
      return false;
    return part.request.operation == IoOperation::Flush || whole.request.sector == part.request.sector;
  };
  auto found = std::ranges::find_if(order_, [&](const Live* whole) { return same(*whole); });
  if (found == order_.end())
    found = std::ranges::find_if(order_, [&](const Live* whole) { return alike(*whole); });
  if (found == order_.end()) return;
  Live& whole = **found;
  part.parent = &whole;
  ++whole.request.parts;
  ++whole.open_parts;
  whole.see(IoStage::Driver, part.at[static_cast<unsigned>(IoStage::Driver)]);
  const bool known = !whole.facts.pages.empty() && !part.facts.pages.empty();
  whole.request.copy_known = known && (whole.request.parts == 1 || whole.request.copy_known);
  if (known) whole.request.copied += bytes_elsewhere(whole.facts, part.facts);
}

/// What was seen of a part was seen of the whole: the first to reach the device and the last to come back.
void IoTracker::hand_down(Live& part) {
  if (part.parent == nullptr) return;
  for (unsigned n = static_cast<unsigned>(IoStage::Device); n <= static_cast<unsigned>(IoStage::Complete);
       ++n) {
    const auto stage = static_cast<IoStage>(n);
    if (part.request.saw(stage)) part.parent->see(stage, part.at[n], stage >= IoStage::Done);
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
  const auto frame = std::find_if(frames_.rbegin(), frames_.rend(), fits);
  if (frame != frames_.rend()) {
    live->see(IoStage::Done, frame->received);
    live->see_after(IoStage::Done, IoStage::Interrupt, frame->interrupt);
    live->see_after(IoStage::Done, IoStage::Handler, frame->handler);
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
  } else if (request.system == 0) {
    live->see_after(IoStage::Done, IoStage::Handler, core(now.core).interrupt);
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
  unsigned n = request.saw(IoStage::Call) ? 0u : 1u;
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
        if (from < to.time)
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
}

void IoTracker::forget() {
  while (!order_.empty() && order_.front()->round_trip() &&
         order_.front()->at[static_cast<unsigned>(IoStage::Submit)].time + kLost < newest_)
    live_.erase({order_.front()->request.system, order_.front()->address}), order_.pop_front();
  // The first piece of a later request may begin with a system call in progress; before that nothing is asked
  // for.
  if (live_.empty() && waiting_ == 0 && timeline_.size() > kMostMarks / 64) timeline_.forget();
}

// --- devices ---

void IoTracker::device_event(const Event& event) {
  const Moment now{event.time, timeline_.now(event.core, event.time).index, event.core};
  switch (event.kind) {
    case EventKind::Doorbell: {
      auto& bells = doorbells_[event.device];
      bells.push_back(now);
      if (bells.size() > kMostDoorbells) bells.pop_front();
      return;
    }
    case EventKind::FrameSent: return frame_sent(event, now);
    case EventKind::FrameReceived:
      frames_.push_back(
          {.received = now, .device = event.device, .bytes = event.a, .interrupt = {}, .handler = {}});
      if (frames_.size() > kMostFrames) frames_.pop_front();
      return;
    case EventKind::RequestStart: return device_start(event, now);
    case EventKind::RequestDone:
      for (Live* live : order_) {
        if (live->device == event.device && live->device_request == event.a &&
            live->request.saw(IoStage::Medium))
          live->see(IoStage::Done, now);
      }
      return;
    case EventKind::MessageInterrupt:
    case EventKind::LineInterrupt: return interrupt_asked(event, now);
    default: return;
  }
}

void IoTracker::interrupt_asked(const Event& event, const Moment& now) {
  const bool message = event.kind == EventKind::MessageInterrupt;
  if (!message && event.b == 0) return;
  for (Live* live : order_) {
    if (live->device == event.device && live->request.saw(IoStage::Done)) live->see(IoStage::Interrupt, now);
  }
  for (Frame& frame : frames_) {
    if (frame.device != event.device || frame.interrupt) continue;
    frame.interrupt = now;
    frame.vector = message ? event.b & 0xFF : 0;  // SDM vol. 3, 11.11.2: the data's low byte
  }
}

void IoTracker::interrupt_taken(const Event& event) {
  for (Frame& frame : frames_) {
    if (!frame.interrupt || frame.handler || (frame.vector != 0 && frame.vector != event.a)) continue;
    frame.handler = timeline_.now(event.core, event.time);
  }
}

/// The oldest datagram of that size. Its doorbell is the first after its departure.
void IoTracker::frame_sent(const Event& event, const Moment& now) {
  const auto fits = [&](const Live* live) {
    return live->round_trip() && !live->request.saw(IoStage::Medium) &&
           std::max(live->facts.frame, kShortestFrame) == std::max(event.a, kShortestFrame);
  };
  const auto found = std::ranges::find_if(order_, fits);
  if (found == order_.end()) return;
  Live& live = **found;
  const Picoseconds departed = live.at[static_cast<unsigned>(IoStage::Submit)].time;
  const auto& bells = doorbells_[event.device];
  const auto bell = std::ranges::find_if(bells, [&](const Moment& each) { return each.time >= departed; });
  if (bell != bells.end()) live.see(IoStage::Device, *bell);
  live.see(IoStage::Medium, now);
}

/// The oldest request that fits is the device's: drivers hand requests to a device in the order in which they
/// get them.
void IoTracker::device_start(const Event& event, const Moment& now) {
  const auto fits = [&](const Live* live) {
    if (live->request.system != 0 || live->request.saw(IoStage::Medium)) return false;
    if (live->facts.operation >= IoOperation::RoundTrip || device_size(live->facts) != event.b) return false;
    const auto known = device_of_queue_.find(live->facts.queue);
    return known == device_of_queue_.end() || known->second == event.device;
  };
  const auto found = std::ranges::find_if(order_, fits);
  if (found == order_.end()) return;
  Live& live = **found;
  device_of_queue_[live.facts.queue] = event.device;
  live.device = event.device;
  live.device_request = event.a;
  if (const auto& bells = doorbells_[event.device]; !bells.empty())
    live.see_after(IoStage::Driver, IoStage::Device, bells.back());
  live.see(IoStage::Medium, now);
}

}  // namespace hvlab::observe
