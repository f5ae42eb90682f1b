// What a view gets each time it draws.
#pragma once

#include <imgui.h>

#include <functional>
#include <string>
#include <vector>

#include "sim/views/messages.hpp"
#include "sim/views/run_set.hpp"
#include "visualizer/ask.hpp"
#include "visualizer/kept.hpp"
#include "visualizer/live_runs.hpp"
#include "visualizer/look.hpp"
#include "visualizer/state.hpp"
#include "visualizer/window.hpp"

namespace hvlab::visualizer {

/// A table as a view shows it, for CSV. Numbers stand as numbers, with '.' and without units.
struct Table {
  std::string name;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

struct Frame {
  ViewState& state;  // what a view changes here is drawn from the next frame on
  views::RunSet& runs;
  const views::Messages& say;
  const Look& look;
  Asker& ask;
  LiveRuns& live;
  Kept& kept;

  double seconds = 0;         // the host's, since the window was opened: for animations alone
  float delta = 0;            // since the frame before
  bool keys = true;           // keys are the view's: no text is being typed, no help is open
  bool still = false;         // a picture is made for a file: no animation, nothing that depends on `seconds`
  bool wants_tables = false;  // `tables` shall have what the view's tables show

  // What a view asks for:
  bool animate = false;  // another frame soon
  bool again =
      false;  // another frame in a quarter of a second: something goes on that is no run that is shown
  bool loading = false;  // what is shown is not all yet: a picture for a file waits
  std::vector<Table> tables{};
  std::string status{};  // one line at the window's foot: what is pointed at, which keys there are
  std::vector<std::string> open_runs{};  // shall be looked at instead; empty: no change

  std::vector<KeyPress> key_presses{};  // since the frame before

  /// Whether `key` (GLFW_KEY_...) was pressed, or repeats, with no modifier but shift, and is the view's.
  bool pressed(int key) const;
  /// Whether it was pressed with just these modifiers (GLFW_MOD_...), whoever types.
  bool pressed_with(int key, int modifiers) const;

  /// The runs that are shown, in their order.
  std::vector<views::OpenRun*> shown() const;
  /// Numbers of `shown()` among all of `runs`, from 0.
  std::vector<size_t> shown_numbers() const;

  /// The shown span: the state's, or all of the runs.
  std::pair<PicosecondDelta, PicosecondDelta> span() const;
  void show_span(PicosecondDelta from, PicosecondDelta until);
};

/// For a view that has nothing to show: its title, and why.
void nothing_to_show(Frame& frame, const char* title, const std::string& why = "");

/// A time or a span for people: in the unit that suits `grain`, the smallest difference that shows ("12.34
/// ms").
std::string show_time(PicosecondDelta time, PicosecondDelta grain);
/// One with so many significant digits ("1.24 ms").
std::string show_time(PicosecondDelta time);
/// "12 345".
std::string show_count(u64 count);
/// "12.3 MiB".
std::string show_bytes(double bytes);

}  // namespace hvlab::visualizer
