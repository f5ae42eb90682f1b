#include "hv-models/hypervisor/consoles.hpp"

#include "hv-models/hypervisor/configuration.hpp"
#include "hv-models/runtime/memory_functions.hpp"
#include "hv-models/runtime/print.hpp"

namespace hvlab::hypervisor {
namespace {

struct Line {
  char text[512];
  size_t length;
} lines[hypervisor::kMostMachines + 1];

void print_line(unsigned number, bool several, const char* text) {
  constexpr char kMark[] = "HVLAB ";
  if (number == 0) {
    runtime::print("management: %s\n", text);
  } else if (!several) {
    runtime::print("%s\n", text);
  } else if (memcmp(text, kMark, sizeof kMark - 1) == 0) {
    runtime::print("HVLAB instance=%u %s\n", number, text);
  } else {
    runtime::print("vm%u: %s\n", number, text);
  }
}

}  // namespace

void console_byte(unsigned number, bool several, u8 byte) {
  Line& line = lines[number];
  if (byte == '\r') return;
  if (byte != '\n' && line.length < sizeof line.text - 1) {
    line.text[line.length++] = static_cast<char>(byte);
    return;
  }
  line.text[line.length] = 0;
  print_line(number, several, line.text);
  line.length = 0;
}

}  // namespace hvlab::hypervisor
