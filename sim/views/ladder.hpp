// The way of one request, or of one exit of a virtual machine, through the layers: rungs, and the steps
// between them in time.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/views/requests.hpp"

namespace hvlab::views {

/// The layers from the program down to the medium, as they are drawn from top to bottom.
enum class Rung : u8 {
  Program,           // that asked: of the guest, or of the machine's own system
  GuestKernel,       //
  OtherGuest,        // another virtual machine ran meanwhile
  Switch,            // the processor's own way out of the guest and into it
  Hypervisor,        //
  HostKernel,        // the machine's own system
  VmmProcess,        // the hypervisor's part in user space; another program
  ManagementKernel,  // the virtual machine with the devices' drivers
  ManagementUser,    //
  Waiting,           // nobody works on it: a thread waits for a processor, or a processor is idle
  Device,            //
  Medium,            //
  Unknown,
  Count
};
inline constexpr size_t kRungs = static_cast<size_t>(Rung::Count);

/// As messages and the palette know it: "program", "guest-kernel", "switch", ...
const char* name(Rung rung);
/// The name that views::style_of knows a step on this rung by.
const char* style_name(Rung rung);
/// Where a piece of a request of `system` (0: the machine's own) is drawn.
Rung rung_of(observe::IoWhere where, unsigned system);

struct Step {
  Rung rung = Rung::Unknown;
  observe::IoStage stage{};  // of a request
  std::string label;         // in English: what happens
  bool leaves_guest = false;
  u8 core = 0;
  Picoseconds begin = 0, end = 0;  // since the ladder's begin
  u64 cycles = 0;

  Picoseconds length() const { return end - begin; }
};

struct Ladder {
  std::vector<Rung> rungs;  // those that its steps are on, from top to bottom
  std::vector<Step> steps;  // one after the other without a gap, the first from 0 on
  Picoseconds length = 0;
  Picoseconds zero = 0;    // where what is looked at begins: before it there is only how it came to it
  Picoseconds began = 0;   // the run's time at the ladder's begin
  u64 cycles = 0;          // from `zero` on, without what is behind the end
  unsigned crossings = 0;  // times that the guest was left
};

/// `frequency_hz` of the processors, for the steps' cycles.
Ladder ladder_of(const Request& request, u64 frequency_hz);

/// Rungs and crossings from the steps: whoever makes a ladder of steps calls it last.
void settle(Ladder& ladder);

/// What has happened `time` after the ladder's begin.
struct Moment {
  size_t step = 0;          // under way
  Picoseconds in_step = 0;  // since it began
  bool over = false;
  std::array<Picoseconds, kRungs> spent{};  // on each rung until now
  unsigned crossings = 0;                   // times that the guest has been left, this one included
};
Moment moment_at(const Ladder& ladder, Picoseconds time);

/// When the next step after `time` begins, or the ladder's end.
Picoseconds next_step(const Ladder& ladder, Picoseconds time);
/// When the step at `time` began; if `time` is that moment, the one before.
Picoseconds previous_step(const Ladder& ladder, Picoseconds time);

/// Where the steps are in a picture in which none in which no processor works (medium, device, waiting) is
/// longer than `most`: so that hops of a microsecond can be seen beside a disk's milliseconds. One place for
/// the begin of each step, and one for the end of the last.
std::vector<Picoseconds> places_of(const Ladder& ladder, Picoseconds most);
/// How long waits are drawn beside each other at most, so that what processors do fills most of a picture of
/// `ladders`: an eighth of the longest such time.
Picoseconds short_wait(const std::vector<const Ladder*>& ladders);

/// The place of a time, with `places` of the same ladder; and the time of a place.
double place_at(const Ladder& ladder, const std::vector<Picoseconds>& places, Picoseconds time);
Picoseconds time_at(const Ladder& ladder, const std::vector<Picoseconds>& places, double place);

/// The time on each rung, of all its steps together.
std::array<Picoseconds, kRungs> time_on_rungs(const Ladder& ladder);

}  // namespace hvlab::views
