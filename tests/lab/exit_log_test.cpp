// The list of exits says for each who left, why, where, and for how long.
#include "sim/lab/exit_log.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "sim/base/user_error.hpp"
#include "temporary_folder.hpp"

using namespace hvlab;
using namespace hvlab::lab;
using observe::Event;
using observe::EventKind;

namespace {

Event event(Picoseconds time, EventKind kind, u64 a, u64 b = 0, u64 rip = 0, u8 core = 0) {
  return {.time = time, .a = a, .b = b, .rip = rip, .kind = kind, .core = core, .device = 0, .sequence = 0};
}

std::string content(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace

// Catches an exit that is told with another's reason, place or time, and one that is lost at the end.
TEST_CASE("each exit has its line") {
  const test::TemporaryFolder folder("exit-log");
  const std::string file = folder.path / "exits.csv";
  observe::ExitTotals totals(1'000'000'000);  // a cycle is 1000 ps
  ExitLog log(file, totals, "", 1'000'000'000);
  for (const Event& e : {event(1'000, EventKind::VmEntry, 0x1000, 0x9000),
                         event(5'000, EventKind::VmExit, 0x7B, 0x3F80220, 0xFFF0),
                         event(5'000, EventKind::VmExitDetail, 0x22, 4),
                         event(6'000, EventKind::VmEntry, 0x2000, 0x9000, 0, 1),
                         event(9'000, EventKind::VmEntry, 0x1000, 0x9000, 0, 2),
                         event(9'500, EventKind::VmExit, 0x78, 0, 0x10, 1),
                         event(9'600, EventKind::VmExit, u64{1} << 32 | 49, 0, 0x20, 2),
                         event(9'600, EventKind::VmExitDetail, 0xFEE0'0020, 3, 0x20, 2)}) {
    totals.on_event(e);
    log.on_event(e);
  }
  log.finish();
  CHECK(content(file) ==
        "exit,core,vm,vcpu,reason,exitinfo1,exitinfo2,rip,symbol,guest_cycles,cycles,entry,entry_core,class\n"
        "0.000000005000,0,1,0,io,0x3f80220,0x22,0xfff0,,4,4,0.000000009000,2,io\n"
        "0.000000009600,2,1,0,EPT_MISCONFIG,0x0,0xfee00020,0x20,,3,,,,mmio\n"
        "0.000000009500,1,1,1,hlt,0x0,0x0,0x10,,0,,,,hlt\n");
}

TEST_CASE("a place that cannot be written is the user's mistake") {
  observe::ExitTotals totals(1);
  CHECK_THROWS_AS(ExitLog("/nonexistent/exits.csv", totals, "", 1), UserError);
}
