#include "sim/record/console_files.hpp"

namespace hvlab::record {

namespace {
constexpr size_t kMostPending = 4096;
}

void ConsoleFiles::Console::flush() {
  file.write(pending);
  pending.clear();
}

void ConsoleFiles::on_event(const observe::Event& event) {
  if (event.kind != observe::EventKind::Console || event.device >= devices_.size()) return;
  std::unique_ptr<Console>& console = consoles_[event.device];
  if (console == nullptr) {
    const std::string name = std::string(kConsoleFolder) + "/" + devices_[event.device] + ".txt";
    console = std::make_unique<Console>(run_.streamed(name));
  }
  console->pending.push_back(static_cast<u8>(event.a));
  if (event.a == '\n' || console->pending.size() >= kMostPending) console->flush();
}

void ConsoleFiles::finish() {
  for (auto& [device, console] : consoles_) {
    console->flush();
    console->file.finish();
    run_.note_problem(console->file.problem());
  }
}

}  // namespace hvlab::record
