// busy_run DIR [EVENTS]: a run directory with a trace of many events (ten million), for `hvlab view DIR
// --bench`.
#include <cstdlib>
#include <iostream>
#include <string>

#include "busy_trace.hpp"
#include "sim/base/user_error.hpp"
#include "sim/record/run_writer.hpp"

int main(int argc, char** argv) {
  using namespace hvlab;
  const u64 events = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 10'000'000;
  if (argc < 2 || argc > 3 || events == 0) {
    std::cerr << "usage: busy_run DIR [EVENTS]\n";
    return 2;
  }
  try {
    record::RunWriter run(std::string(argv[1]) + "/", {});
    test::write_busy_trace(run.streamed(record::kTraceFile), events);
    run.finish(record::RunState::Complete, {});
  } catch (const UserError& error) {
    std::cerr << "busy_run: " << error.what() << '\n';
    return 2;
  }
  return 0;
}
