#include "sim/cluster/overhead.hpp"

namespace hvlab::cluster {

Overhead load_overhead(const std::string& name) {
  media::FigureFile file("overhead", name);
  Overhead overhead;
  overhead.name = file.name();
  overhead.processor = static_cast<u32>(file.figure("processor_permille", 0, 100'000));
  overhead.disk_request = static_cast<u32>(file.figure("disk_request_cycles", 0, 100'000'000));
  overhead.packet = static_cast<u32>(file.figure("packet_cycles", 0, 100'000'000));
  overhead.memory = static_cast<u32>(file.figure("memory_mib", 0, 65'536));
  overhead.start_up = file.figure("start_up_ms", 0, 3'600'000) * kMilliseconds;
  overhead.migrates = file.figure("moves_while_running", 0, 1) != 0;
  file.finish();
  overhead.figures = file.figures;
  return overhead;
}

Overhead no_overhead() {
  Overhead overhead;
  overhead.name = "none";
  return overhead;
}

const char* origin_of(const media::Figure& figure) {
  if (figure.assumed()) return "assumed";
  return figure.source.starts_with("measured") ? "measured" : "sourced";
}

}  // namespace hvlab::cluster
