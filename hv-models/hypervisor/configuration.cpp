#include "hv-models/hypervisor/configuration.hpp"

namespace hvlab::hypervisor {
namespace {

// A part of the command line.
struct Text {
  const char* begin;
  const char* end;
  bool empty() const { return begin == end; }
  size_t size() const { return static_cast<size_t>(end - begin); }
};

bool equal(Text text, const char* word) {
  for (; text.begin < text.end; ++text.begin, ++word) {
    if (*word != *text.begin) return false;
  }
  return *word == 0;
}

/// The part of `from` before the next `divider`, which is taken off with it.
Text take_until(Text& from, char divider) {
  Text part{from.begin, from.begin};
  while (part.end < from.end && *part.end != divider) ++part.end;
  from.begin = part.end < from.end ? part.end + 1 : part.end;
  return part;
}

bool read_number(Text text, unsigned most, unsigned& value) {
  if (text.empty()) return false;
  u64 number = 0;
  for (; text.begin < text.end; ++text.begin) {
    if (*text.begin < '0' || *text.begin > '9') return false;
    number = number * 10 + static_cast<u64>(*text.begin - '0');
    if (number > most) return false;
  }
  value = static_cast<unsigned>(number);
  return true;
}

bool copy(Text text, char* to, size_t size) {
  if (text.size() >= size) return false;
  while (text.begin < text.end) *to++ = *text.begin++;
  *to = 0;
  return true;
}

struct Message {
  char* to;
  size_t left;  // with the 0 at the end
  void add(const char* text) {
    for (; *text != 0; ++text) add({text, text + 1});
  }
  void add(Text text) {
    for (; text.begin < text.end && left > 1; --left) *to++ = *text.begin++;
    *to = 0;
  }
};

/// Index of the word in `names`, or -1.
template <size_t count>
int choice(Text word, const char* const (&names)[count]) {
  for (size_t i = 0; i < count; ++i) {
    if (equal(word, names[i])) return static_cast<int>(i);
  }
  return -1;
}

template <typename Kind, size_t count>
bool read_kind(Text word, const char* const (&names)[count], Kind& to) {
  const int index = choice(word, names);
  if (index >= 0) to = static_cast<Kind>(index);
  return index >= 0;
}

// "0-3", "0+2", "all".
bool read_cores(Text text, u32& cores) {
  constexpr unsigned kMostCores = 31;
  if (equal(text, "all")) return true;
  cores = 0;
  if (text.empty()) return false;
  while (!text.empty()) {
    Text last = take_until(text, '+');
    const Text first = take_until(last, '-');
    unsigned from = 0, to = 0;
    if (!read_number(first, kMostCores, from)) return false;
    to = from;
    if (!last.empty() && !read_number(last, kMostCores, to)) return false;
    for (; from <= to; ++from) cores |= 1u << from;
  }
  return cores != 0;
}

constexpr unsigned kMostSends = 32;
constexpr unsigned kMostPercent = kMostVirtualProcessors * 100;

struct Word {
  const char* name;
  bool (*read)(Text value, MachineConfiguration& to);
  const char* allowed;
};
constexpr Word kWords[] = {
    {"vcpus",
     [](Text v, MachineConfiguration& m) {
       return read_number(v, kMostVirtualProcessors, m.vcpus) && m.vcpus > 0;
     },
     "1 to 8"},
    {"memory",
     [](Text v, MachineConfiguration& m) { return read_number(v, 2048, m.memory) && m.memory >= 16; },
     "16 to 2048 (MiB)"},
    {"disk",
     [](Text v, MachineConfiguration& m) { return read_kind(v, {"none", "ide", "virtio", "pv"}, m.disk); },
     "none, ide, virtio, pv"},
    {"net",
     [](Text v, MachineConfiguration& m) { return read_kind(v, {"none", "e1000", "virtio", "pv"}, m.net); },
     "none, e1000, virtio, pv"},
    {"sends",
     [](Text v, MachineConfiguration& m) { return read_number(v, kMostSends, m.sends) && m.sends > 0; },
     "1 to 32 (that wait for each other)"},
    {"registers",
     [](Text v, MachineConfiguration& m) { return read_kind(v, {"process", "kernel"}, m.registers); },
     "process, kernel (of the network card, by whom they are answered)"},
    {"frames",
     [](Text v, MachineConfiguration& m) { return read_kind(v, {"thread", "poll", "shared"}, m.frames); },
     "thread, poll, shared (how the VMM learns of them)"},
    {"paging", [](Text v, MachineConfiguration& m) { return read_kind(v, {"nested", "shadow"}, m.paging); },
     "nested, shadow"},
    {"pages", [](Text v, MachineConfiguration& m) { return read_kind(v, {"large", "small"}, m.pages); },
     "large, small"},
    {"transmit",
     [](Text v, MachineConfiguration& m) { return read_kind(v, {"copy", "map", "header"}, m.transmit); },
     "copy, map, header"},
    {"receive", [](Text v, MachineConfiguration& m) { return read_kind(v, {"copy", "flip"}, m.receive); },
     "copy, flip"},
    {"offload", [](Text v, MachineConfiguration& m) { return read_kind(v, {"off", "on"}, m.offload); },
     "off, on"},
    {"shares",
     [](Text v, MachineConfiguration& m) { return read_number(v, 1'000'000, m.shares) && m.shares > 0; },
     "1 to 1000000"},
    {"reservation",
     [](Text v, MachineConfiguration& m) { return read_number(v, kMostPercent, m.reservation); },
     "0 to 800 (percent of one processor)"},
    {"limit", [](Text v, MachineConfiguration& m) { return read_number(v, kMostPercent, m.limit); },
     "0 to 800 (percent of one processor)"},
    {"cores", [](Text v, MachineConfiguration& m) { return read_cores(v, m.cores); },
     "all, or numbers like 0-3 and 0+2"},
};

bool wrong(Message& message, Text word, const char* why, const char* more = "") {
  message.add(word);
  message.add(why);
  message.add(more);
  return false;
}

bool read_machine(Text word, Text values, MachineConfiguration& machine, Message& message) {
  while (!values.empty()) {
    Text value = take_until(values, ',');
    const Text name = take_until(value, ':');
    const Word* found = nullptr;
    for (const Word& each : kWords) {
      if (equal(name, each.name)) found = &each;
    }
    if (found == nullptr)
      return wrong(message, word,
                   ": a virtual machine has vcpus, memory, disk, net, sends, registers, frames, paging, "
                   "pages, transmit, receive, "
                   "offload, shares, reservation, limit, cores");
    if (!found->read(value, machine)) {
      message.add(word);
      message.add(": ");
      return wrong(message, name, " is one of: ", found->allowed);
    }
  }
  return true;
}

// "vmN=": N, or 0 if it is another word.
unsigned machine_number(Text name) {
  unsigned number = 0;
  if (name.size() < 3 || name.begin[0] != 'v' || name.begin[1] != 'm') return 0;
  return read_number({name.begin + 2, name.end}, 1'000'000, number) ? number : 0;
}

bool read_word(Text word, Configuration& to, Message& message) {
  Text value = word;
  const Text name = take_until(value, '=');
  if (equal(name, "scheduler"))
    return copy(value, to.scheduler, sizeof to.scheduler) ||
           wrong(message, word, ": there is no such scheduler");
  if (equal(name, "skew"))
    return read_number(value, 1'000'000, to.skew) || wrong(message, word, ": the skew is up to 1000000 (us)");
  if (equal(name, "management")) return read_machine(word, value, to.management, message);
  if (equal(name, "slice"))
    return (read_number(value, 1'000'000, to.slice) && to.slice >= 100) ||
           wrong(message, word, ": a slice is 100 to 1000000 (us)");
  if (equal(name, "pause"))
    return read_kind(value, {"ignore", "yield", "directed"}, to.on_pause) ||
           wrong(message, word, ": pause is one of: ignore, yield, directed");
  const unsigned number = machine_number(name);
  if (number == 0) return true;
  if (number > kMostMachines) return wrong(message, word, ": there are up to 8 virtual machines");
  if (number > to.count) to.count = number;
  return read_machine(word, value, to.machines[number - 1], message);
}

// The next word "--" at or after `at`, which begins a word, or the end.
const char* find_divider(const char* at) {
  for (bool begins = true; *at != 0; begins = *at++ == ' ') {
    if (begins && at[0] == '-' && at[1] == '-' && (at[2] == ' ' || at[2] == 0)) return at;
  }
  return at;
}

Text without_blanks(Text text) {
  while (!text.empty() && *text.begin == ' ') ++text.begin;
  while (!text.empty() && text.end[-1] == ' ') --text.end;
  return text;
}

}  // namespace

bool read_configuration(const char* line, Configuration& to, char* error, size_t error_size) {
  to = {};
  Message message{error, error_size};
  message.add("");
  const char* at = find_divider(line);
  for (Text words{line, at}; !words.empty();) {
    if (const Text word = take_until(words, ' '); !word.empty() && !read_word(word, to, message))
      return false;
  }
  if (to.count == 0) to.count = 1;
  Text guest{at, at};
  for (unsigned i = 0; i < to.count; ++i) {
    if (*at != 0) {
      const char* begin = at + 2;
      at = find_divider(begin);
      guest = without_blanks({begin, at});
    }
    if (!copy(guest, to.machines[i].command_line, sizeof to.machines[i].command_line))
      return wrong(message, guest, ": too long for a guest's command line (255)");
  }
  if (*at != 0) return wrong(message, {at, at + 2}, " stands more often than there are virtual machines");
  return true;
}

bool saves_world_switches(const MachineConfiguration& machine) {
  return machine.sends > 1 || machine.registers != RegistersBy::Process || machine.frames != FramesBy::Thread;
}

void write_command_line(const MachineConfiguration& machine, unsigned number, char (&to)[kCommandLineBytes]) {
  Message line{to, sizeof to};
  line.add("");
  if (machine.net != NetworkKind::None) {
    const char last[] = {'2', static_cast<char>('0' + number % 10), ' ',
                         0};  // 20 + number, which is below 10
    line.add("address=10.0.2.");
    line.add(last);
  }
  line.add(machine.command_line);
}

}  // namespace hvlab::hypervisor
