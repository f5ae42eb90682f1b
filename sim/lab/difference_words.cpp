#include "sim/lab/difference_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/lab/comparison_table.hpp"

namespace hvlab::lab {

using What = Difference::What;

namespace {

constexpr size_t kPartsTold = 3;
constexpr double kLeastPart = 0.04;  // of the whole gain, for a part to be told of
constexpr double kMuch = 0.25;       // of it, for idle time to be remarked on
constexpr double kMost = 0.5;        // of it, for the workload's own code to be
constexpr double kSmallLoss = 0.1;   // of it: not worth a sentence of its own

std::string three_digits(double number) {
  return fmt::format("{:.{}f}", number, number < 9.995 ? 2 : number < 99.95 ? 1 : 0);
}

std::string percent(double share) { return fmt::format("{:.{}f}", 100 * share, share < 0.0095 ? 1 : 0); }

/// Sentences one after the other, as the language separates them.
struct Text {
  const Words& words;
  std::string said;

  void add(const std::string& key, const std::vector<std::string>& values = {}) {
    add_text(words.messages("why." + key, values));
  }
  void add_text(const std::string& text) {
    if (!said.empty()) said.append(words.messages.language() == "ja" ? 0 : 1, ' ');
    said += text;
  }
};

struct Sums {
  double gain = 0, loss = 0;  // both positive
};

Sums sums_of(const std::vector<Part>& parts) {
  Sums sums;
  for (const Part& part : parts) (part.extra > 0 ? sums.gain : sums.loss) += std::abs(part.extra);
  return sums;
}

/// "61 % the host kernel, 22 % the VMM process": the largest of those that go one way, as shares of `whole`.
std::string list_of(const std::vector<Part>& parts, const std::string& names, double whole, bool gains,
                    const Words& words) {
  std::vector<Part> some;
  for (const Part& part : parts) {
    if ((part.extra > 0) == gains && std::abs(part.extra) >= kLeastPart * whole) some.push_back(part);
  }
  if (!gains) std::ranges::reverse(some);
  if (some.size() > kPartsTold) some.resize(kPartsTold);
  std::string list;
  for (const Part& part : some) {
    const std::string key = "why." + names + "." + part.name;
    const std::string called = words.messages.has(key) ? words.messages(key) : part.name;
    list += (list.empty() ? "" : words.messages("why.comma")) +
            words.messages("why.part", {percent(std::abs(part.extra) / whole), called});
  }
  return list;
}

/// What the extra consists of. `of_processors`: the parts are processor time, so with more than one processor
/// they do not sum up to time on the clock.
void tell_parts(Text& text, const Difference& difference, const std::vector<Part>& parts, double extra,
                const std::string& names, bool of_processors) {
  const Sums sums = sums_of(parts);
  const bool more = sums.gain >= sums.loss;
  const double large = more ? sums.gain : sums.loss, small = more ? sums.loss : sums.gain;
  if (large <= 0) return;
  const std::string list = list_of(parts, names, large, more, text.words);
  if (list.empty()) return;
  const bool clock = !of_processors || difference.run->processors == 1;
  if (clock && small < kSmallLoss * large) {
    text.add(more ? "extra" : "saved", {seconds_text(std::abs(extra)), list});
  } else if (small < kSmallLoss * large) {
    text.add(more ? "extra-processor" : "saved-processor", {seconds_text(large), list});
  } else {
    text.add(of_processors ? "moved-processor" : "moved",
             {seconds_text(sums.gain), list_of(parts, names, sums.gain, true, text.words),
              seconds_text(sums.loss), list_of(parts, names, sums.loss, false, text.words)});
  }
}

/// What the ledger leaves open.
void tell_limits(Text& text, const std::vector<Part>& parts) {
  const double gain = sums_of(parts).gain;
  if (gain <= 0 || parts.empty()) return;
  const auto idle = std::ranges::find(parts, "idle", &Part::name);
  if (idle != parts.end() && idle->extra >= kMuch * gain) text.add("limits.idle");
  const Part& first = parts.front();
  if ((first.name == kOwnUser || first.name == kOwnKernel) && first.extra >= kMost * gain)
    text.add("limits.own");
}

void tell_exits(Text& text, const Difference& difference) {
  const auto& exits = difference.exits;
  if (!exits || difference.what == What::Exits) return;
  text.add("exits", {count_text(exits->exits), count_text(exits->per_second), percent(exits->reason_share),
                     exits->reason});
  if (exits->seconds_each > 0)
    text.add(exits->halts ? "cost-halts" : "cost",
             {seconds_text(exits->seconds_each), percent(exits->share_of_time)});
  if (difference.base_exits)
    text.add("base-exits", {way_title(*difference.base), count_text(difference.base_exits->exits)});
}

/// In what language `text` speaks; empty if explain/ has no words in it.
std::string meaning_of(const std::vector<Explanation>& entries, const std::string& name, const Text& text) {
  std::vector<Explanation> found;
  std::ranges::copy_if(entries, std::back_inserter(found),
                       [&](const Explanation& entry) { return explains(entry, name); });
  found = best_of(std::move(found));
  if (found.empty()) return "";
  return text.words.messages.language() == "ja" ? found.front().ja : found.front().en;
}

/// The account that has most of a gain, if explain/ knows it.
std::string main_account(const Difference& difference) {
  const bool by_account = difference.what == What::Workload || difference.what == What::Phase;
  if (!by_account || difference.parts.empty() || difference.parts.front().extra <= 0) return "";
  const std::string& name = difference.parts.front().name;
  return name == kOwnUser || name == kOwnKernel ? "" : name;
}

void tell_meaning(Text& text, const Difference& difference) {
  const Meanings& meanings = text.words.meanings;
  if (difference.exits) {
    const std::string& reason = difference.exits->reason;
    if (const std::string means = meaning_of(meanings.exits, reason, text); !means.empty())
      return text.add("meaning", {reason, means});
  }
  const std::string account = main_account(difference);
  if (const std::string means = meaning_of(meanings.accounts, account, text); !means.empty())
    text.add("meaning", {account, means});
}

std::string value_text(What what, double value) {
  switch (what) {
    case What::Memory:
    case What::Copied: return bytes_text(value);
    case What::Exits: return count_text(value);
    case What::Workload:
    case What::Phase:
    case What::Start:
    case What::Request: return seconds_text(value);
  }
  return "";
}

/// The first sentence: how much of what.
void tell_what(Text& text, const Difference& difference) {
  const auto off = ratio(difference);
  std::string subject = difference.subject;
  if (const std::string key = "why.request." + subject; text.words.messages.has(key))
    subject = text.words.messages(key);
  std::string key = std::string(off ? "says." : "says-none.") + name(difference.what);
  const std::string zero = std::string("says-zero.") + name(difference.what);
  if (difference.value == 0 && text.words.messages.has("why." + zero)) key = zero;
  text.add(key, {off ? three_digits(*off) : "", way_title(*difference.run), way_title(*difference.base),
                 value_text(difference.what, difference.value),
                 value_text(difference.what, difference.reference), subject});
}

void tell_times(Text& text, const Difference& difference) {
  if (difference.side_by_side) {
    const auto number = [](size_t count) { return std::to_string(count); };
    text.add("side-by-side", {number(instances(*difference.run)), number(instances(*difference.base))});
  } else if (difference.parts.empty()) {
    text.add("limits.nothing");
  } else {
    if (difference.what == What::Workload)
      tell_parts(text, difference, difference.phases, difference.value - difference.reference, "phase",
                 false);
    tell_parts(text, difference, difference.parts, difference.window_extra, "account", true);
    tell_limits(text, difference.parts);
  }
  tell_exits(text, difference);
}

void tell_request(Text& text, const Difference& difference) {
  tell_parts(text, difference, difference.parts, difference.window_extra, "account", false);
  if (difference.request_exits != difference.base_request_exits)
    text.add("request-exits", {fmt::format("{:.1f}", difference.request_exits), way_title(*difference.base),
                               fmt::format("{:.1f}", difference.base_request_exits)});
}

void tell_memory(Text& text, const Difference& difference) {
  const double given = difference.run->guest_memory;
  if (!difference.run->vcpus.empty() && given > 0 && given <= difference.value)
    text.add("given", {bytes_text(given), bytes_text(difference.value - given)});
  else
    text.add("limits.memory");
}

void tell_copies(Text& text, const Difference& difference) {
  if (difference.request_bytes > 0)
    text.add("lengths", {bytes_text(difference.request_bytes),
                         fmt::format("{:.1f}", difference.value / difference.request_bytes)});
  text.add("limits.copies");
}

void tell_exit_rate(Text& text, const Difference& difference) {
  if (!difference.exits) return;
  text.add("reasons", {percent(difference.exits->reason_share), difference.exits->reason});
  if (difference.exits->seconds_each > 0)
    text.add(difference.exits->halts ? "cost-halts" : "cost",
             {seconds_text(difference.exits->seconds_each), percent(difference.exits->share_of_time)});
}

}  // namespace

Meanings read_meanings() {
  Meanings meanings{explanations("accounts"), explanations("exits")};
  for (Explanation& entry : explanations("intel-exits")) meanings.exits.push_back(std::move(entry));
  return meanings;
}

Words words_of(const std::string& language, const Meanings& meanings) {
  return {views::Messages::load(language), meanings};
}

std::string why(const Difference& difference, const Words& words) {
  Text text{words, ""};
  tell_what(text, difference);
  switch (difference.what) {
    case What::Workload:
    case What::Phase: tell_times(text, difference); break;
    case What::Start:
      if (difference.side_by_side)
        text.add("limits.starts");
      else
        tell_parts(text, difference, difference.parts, difference.window_extra, "start", false);
      break;
    case What::Memory: tell_memory(text, difference); break;
    case What::Exits: tell_exit_rate(text, difference); break;
    case What::Request: tell_request(text, difference); break;
    case What::Copied: tell_copies(text, difference); break;
  }
  tell_meaning(text, difference);
  char& first = text.said.front();
  if (words.messages.language() == "en" && first >= 'a' && first <= 'z') first -= 'a' - 'A';
  return text.said;
}

std::vector<std::string> explained_names(const Difference& difference) {
  std::vector<std::string> names;
  if (difference.what == What::Phase) names.push_back(difference.subject);
  if (const std::string account = main_account(difference); !account.empty()) names.push_back(account);
  if (difference.exits) names.push_back(difference.exits->reason);
  if (difference.what == What::Start) names.emplace_back("start.time");
  if (difference.what == What::Memory) names.emplace_back("memory.each");
  if (difference.what == What::Request) names.push_back("requests." + difference.subject + ".time");
  if (difference.what == What::Copied) names.push_back("requests." + difference.subject + ".copied");
  return names;
}

std::string seconds_text(double seconds) {
  if (seconds < 1e-6) return three_digits(seconds * 1e9) + " ns";
  if (seconds < 1e-3) return three_digits(seconds * 1e6) + " µs";
  if (seconds < 1) return three_digits(seconds * 1e3) + " ms";
  return three_digits(seconds) + " s";
}

std::string bytes_text(double bytes) {
  if (bytes < 65536) return count_text(bytes) + " bytes";
  return three_digits(bytes / 1048576) + " MiB";
}

std::string count_text(double count) {
  std::string digits = fmt::format("{:.0f}", count);
  for (size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

}  // namespace hvlab::lab
