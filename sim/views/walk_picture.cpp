#include "sim/views/walk_picture.hpp"

#include <algorithm>
#include <bit>
#include <charconv>

namespace hvlab::views {

namespace {

struct Range {
  const char* table;
  unsigned high, low;
};

struct Mode {
  const char* name;
  std::vector<Range> ranges;
};

const std::vector<Mode>& modes() {
  static const std::vector<Mode> kModes = {
      {"5-level", {{"PML5", 56, 48}, {"PML4", 47, 39}, {"PDPT", 38, 30}, {"PD", 29, 21}, {"PT", 20, 12}}},
      {"4-level", {{"PML4", 47, 39}, {"PDPT", 38, 30}, {"PD", 29, 21}, {"PT", 20, 12}}},
      {"PAE", {{"PDPT", 31, 30}, {"PD", 29, 21}, {"PT", 20, 12}}},
      {"32-bit", {{"PD", 31, 22}, {"PT", 21, 12}}},
  };
  return kModes;
}

u64 cut(u64 value, unsigned high, unsigned low) {
  const unsigned count = high - low + 1;
  return (value >> low) & (count >= 64 ? ~u64{0} : (u64{1} << count) - 1);
}

std::vector<WalkField> fields_of(const MachineWalk& walk) {
  const u64 linear = hex_number(walk.linear);
  const auto mode = std::ranges::find(modes(), walk.mode, &Mode::name);
  if (!walk.paging || mode == modes().end()) return {{"", 63, 0, linear, true}};
  unsigned offset = 12;  // bits of it: of the first stage's page
  for (const MachineStep& step : walk.steps)
    if (step.page_bytes != 0) offset = static_cast<unsigned>(std::countr_zero(step.page_bytes));
  std::vector<WalkField> fields;
  for (const Range& range : mode->ranges) {
    if (range.low < offset) break;
    const bool reached =
        std::ranges::any_of(walk.steps, [&](const MachineStep& step) { return step.low_bit == range.low; });
    fields.push_back({range.table, range.high, range.low, cut(linear, range.high, range.low), reached});
  }
  fields.push_back({"", offset - 1, 0, cut(linear, offset - 1, 0), walk.fault.empty()});
  return fields;
}

class Grid {
 public:
  explicit Grid(WalkPicture& picture) : picture_(picture) {}

  // Columns are there for the longest of the nested walks: one that ends at a large page is shorter.
  void add_columns(const std::vector<MachineStep>& nested) {
    for (size_t i = picture_.columns.size(); i < nested.size(); ++i)
      picture_.columns.push_back(nested[i].table);
  }

  void add_row(const std::vector<MachineStep>& nested, const MachineStep* guest) {
    const size_t row = picture_.rows.size();
    picture_.rows.push_back(guest != nullptr ? guest->table : "");
    for (size_t i = 0; i < nested.size(); ++i) add(nested[i], guest, row, i, true);
    // Where the second stage does not lead to the entry, there is none to be read.
    const bool lost = !nested.empty() && !nested.back().fault.empty();
    if (guest != nullptr && !lost &&
        (guest->read || nested.empty() || guest->fault.rfind("nested: ", 0) != 0))
      add(*guest, guest, row, picture_.columns.size(), false);
  }

 private:
  void add(const MachineStep& step, const MachineStep* guest, size_t row, size_t column, bool second) {
    const bool counts = step.read && !step.in_register;
    if (counts) ++picture_.reads;
    picture_.references.push_back({&step, guest, row, column, counts ? picture_.reads : 0, second});
  }

  WalkPicture& picture_;
};

}  // namespace

const WalkReference* WalkPicture::at(size_t index) const {
  if (references.empty()) return nullptr;
  return &references[std::clamp<size_t>(index, 1, references.size()) - 1];
}

WalkPicture walk_picture(const MachineWalk& walk) {
  WalkPicture picture;
  picture.fields = fields_of(walk);
  Grid grid(picture);
  for (const MachineStep& step : walk.steps) grid.add_columns(step.nested);
  grid.add_columns(walk.nested);
  for (const MachineStep& step : walk.steps) grid.add_row(step.nested, &step);
  if (!walk.nested.empty()) grid.add_row(walk.nested, nullptr);
  picture.columns.emplace_back();
  return picture;
}

std::vector<std::string> error_bits(u64 error) {
  std::vector<std::string> names = {(error & 1) != 0 ? "present" : "not-present",
                                    (error & 2) != 0 ? "write" : "read",
                                    (error & 4) != 0 ? "user" : "supervisor"};
  if ((error & 8) != 0) names.emplace_back("reserved");
  if ((error & 16) != 0) names.emplace_back("fetch");
  return names;
}

u64 hex_number(const std::string& text) {
  u64 value = 0;
  if (text.rfind("0x", 0) != 0) return 0;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), value, 16);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

}  // namespace hvlab::views
