#include "sim/record/console_files.hpp"

namespace hvlab::record {

namespace {
constexpr size_t kMostPending = 4096;
}

void ConsoleFiles::Console::flush() {
  file.write(pending);
  pending.clear();
}

void ConsoleFiles::Console::put(u8 byte) {
  pending.push_back(byte);
  if (byte == '\n' || pending.size() >= kMostPending) flush();
}

void ConsoleFiles::on_event(const observe::Event& event) {
  if (event.kind != observe::EventKind::Console || event.device >= devices_.size()) return;
  write(devices_[event.device], static_cast<u8>(event.a));
}

void ConsoleFiles::write(const std::string& name, u8 byte) {
  std::unique_ptr<Console>& console = consoles_[name];
  if (console == nullptr)
    console = std::make_unique<Console>(run_.streamed(std::string(kConsoleFolder) + "/" + name + ".txt"));
  console->put(byte);
}

void ConsoleFiles::finish() {
  for (auto& [name, console] : consoles_) {
    console->flush();
    console->file.finish();
    run_.note_problem(console->file.problem());
  }
}

}  // namespace hvlab::record
