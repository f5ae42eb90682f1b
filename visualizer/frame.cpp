#include "visualizer/frame.hpp"

#include <GLFW/glfw3.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace hvlab::visualizer {

namespace {

struct Unit {
  double picoseconds;
  const char* name;
};
constexpr std::array kUnits = {Unit{1e12, "s"}, Unit{1e9, "ms"}, Unit{1e6, "µs"}, Unit{1e3, "ns"},
                               Unit{1, "ps"}};

// The largest unit that is no larger than `size`.
const Unit& unit_for(double size) {
  for (const Unit& unit : kUnits)
    if (size >= unit.picoseconds) return unit;
  return kUnits.back();
}

}  // namespace

bool Frame::pressed(int key) const {
  return keys && (pressed_with(key, 0) || pressed_with(key, GLFW_MOD_SHIFT));
}

bool Frame::pressed_with(int key, int modifiers) const {
  constexpr int kThatCount = GLFW_MOD_SHIFT | GLFW_MOD_CONTROL | GLFW_MOD_ALT | GLFW_MOD_SUPER;
  return std::ranges::any_of(key_presses, [&](const KeyPress& press) {
    return press.key == key && (press.modifiers & kThatCount) == modifiers;
  });
}

std::vector<size_t> Frame::shown_numbers() const {
  constexpr size_t kMost = 8;
  std::vector<size_t> numbers;
  for (const unsigned number : state.shown)
    if (number <= runs.runs.size()) numbers.push_back(number - 1);
  for (size_t i = 0; state.shown.empty() && i < std::min(kMost, runs.runs.size()); ++i) numbers.push_back(i);
  return numbers;
}

std::vector<views::OpenRun*> Frame::shown() const {
  std::vector<views::OpenRun*> open;
  for (const size_t number : shown_numbers()) open.push_back(runs.runs[number].get());
  return open;
}

std::pair<PicosecondDelta, PicosecondDelta> Frame::span() const {
  const auto all = runs.span();
  const PicosecondDelta from = state.from.value_or(all.first);
  return {from, std::max(state.until.value_or(all.second), from + 1)};
}

void Frame::show_span(PicosecondDelta from, PicosecondDelta until) {
  state.from = from;
  state.until = std::max(until, from + 1);
}

void nothing_to_show(Frame& frame, const char* title, const std::string& why) {
  const ImVec2 area = ImGui::GetContentRegionAvail();
  ImGui::PushFont(frame.look.heading);
  const std::string& text = frame.say(title);
  ImGui::SetCursorPos({ImGui::GetCursorPosX() + (area.x - ImGui::CalcTextSize(text.c_str()).x) / 2,
                       ImGui::GetCursorPosY() + area.y * 0.4F});
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopFont();
  const std::string& reason = why.empty() ? frame.say("window.nothing") : why;
  const float width = std::min(ImGui::CalcTextSize(reason.c_str()).x, area.x * 0.7F);
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + (area.x - width) / 2);
  ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + width + 1);
  ImGui::TextDisabled("%s", reason.c_str());
  ImGui::PopTextWrapPos();
}

std::string show_time(PicosecondDelta time, PicosecondDelta grain) {
  const auto size = std::abs(static_cast<double>(time));
  const Unit& unit = unit_for(std::max(size, static_cast<double>(std::max<PicosecondDelta>(grain, 1))));
  const double fine = static_cast<double>(std::max<PicosecondDelta>(grain, 1)) / unit.picoseconds;
  const int digits = std::clamp(static_cast<int>(std::ceil(-std::log10(fine) - 1e-9)), 0, 12);
  return fmt::format("{:.{}f} {}", static_cast<double>(time) / unit.picoseconds, digits, unit.name);
}

std::string show_time(PicosecondDelta time) {
  const auto size = std::abs(static_cast<double>(time));
  if (size == 0) return "0";
  const Unit& unit = unit_for(size);
  const double value = static_cast<double>(time) / unit.picoseconds;
  const double whole = std::abs(value);
  return fmt::format("{:.{}f} {}", value, whole >= 100 ? 0 : whole >= 10 ? 1 : 2, unit.name);
}

std::string show_count(u64 count) {
  std::string digits = std::to_string(count), text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) text += "\u00a0";  // a space that does not break
    text += digits[i];
  }
  return text;
}

std::string show_bytes(double bytes) {
  static constexpr const char* kNames[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < std::size(kNames)) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", bytes, unit == 0 || bytes >= 100 ? 0 : 1, kNames[unit]);
}

}  // namespace hvlab::visualizer
