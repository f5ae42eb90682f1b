#include "sim/views/walk_words.hpp"

#include <fmt/format.h>

namespace hvlab::views {

namespace {

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string bytes_of(u64 bytes) {
  if (bytes >= u64{1} << 30) return fmt::format("{} GiB", bytes >> 30);
  if (bytes >= u64{1} << 20) return fmt::format("{} MiB", bytes >> 20);
  return fmt::format("{} KiB", bytes >> 10);
}

// How many bytes an entry has is how many digits the document gives it.
std::string size_of(const MachineStep& step) { return step.entry.size() > 10 ? "8" : "4"; }

std::string purpose(const Messages& say, const WalkReference& reference) {
  if (!reference.second) return say("walk.first");
  return reference.guest == nullptr ? say("walk.for_page") : say("walk.for_table", {reference.guest->table});
}

}  // namespace

std::string words_of(const Messages& say, const WalkReference& reference) {
  const MachineStep& step = *reference.step;
  const std::string index = std::to_string(step.index);
  std::string words = purpose(say, reference) + " ";
  if (!step.read)
    words += say("walk.not_read", {step.table, index, step.address});
  else if (step.in_register)
    words += say("walk.in_register", {step.table, index, step.entry});
  else
    words += say("walk.read", {size_of(step), step.system_address, step.table, index, step.entry});
  if (step.high_bit != 0)
    words += " " + say(reference.second ? "walk.chosen_second" : "walk.chosen",
                       {std::to_string(step.high_bit), std::to_string(step.low_bit)});
  if (step.read && !step.flags.empty()) words += " " + say("walk.flags", {joined(step.flags)});
  if (!step.fault.empty()) return words + " " + say("walk.ends", {step.fault});
  if (step.page_bytes != 0) return words + " " + say("walk.to_page", {bytes_of(step.page_bytes), step.next});
  return words + " " + say("walk.to_table", {step.next});
}

std::string result_of(const Messages& say, const MachineWalk& walk) {
  if (!walk.fault.empty()) {
    if (walk.error.empty()) return walk.fault;
    std::vector<std::string> bits;
    for (const std::string& name : error_bits(hex_number(walk.error)))
      bits.push_back(say("walk.error." + name));
    return walk.fault + "\n" + say("walk.error_code", {walk.error, joined(bits)});
  }
  const std::string ways = walk.second_stage
                               ? say("walk.both", {walk.linear, walk.guest_physical, walk.physical})
                               : say("walk.one", {walk.linear, walk.physical});
  return ways + "\n" +
         say("walk.comes_to", {bytes_of(walk.page_bytes), walk.allowed.empty() ? "–" : joined(walk.allowed)});
}

}  // namespace hvlab::views
