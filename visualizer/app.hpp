// The program around the views: what is open, the bars above and below, keys that work everywhere.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sim/views/messages.hpp"
#include "sim/views/run_set.hpp"
#include "visualizer/ask.hpp"
#include "visualizer/frame.hpp"
#include "visualizer/look.hpp"
#include "visualizer/state.hpp"
#include "visualizer/window.hpp"

namespace hvlab::visualizer {

class App {
 public:
  /// Opens what the request names. Throws UserError.
  App(Window& window, Request request);

  /// Draws one frame; with `picture` into it, too. `still`: for a file.
  void draw(bool still = false, Picture* picture = nullptr);

  /// Looks at what goes on without the user: answers that came, runs that grew. True if it shows.
  bool poll();

  /// Whether there is something to draw though nothing happens: an animation, or a view that still loads.
  bool moving() const { return animate_ || loading_; }
  bool loading() const { return loading_ || asker_.busy(); }
  /// Whether poll() is to be called often.
  bool watching() const;

  const ViewState& state() const { return state_; }
  ViewState& state() { return state_; }
  const views::RunSet& runs() const { return runs_; }
  /// The tables of the view, as of the last frame that was told to make them.
  std::string csv();
  unsigned frames() const { return frames_; }

 private:
  void adopt_state();
  bool refresh_runs();
  bool poll_live(double now);
  void draw_bars(Frame& frame);
  void draw_tabs(Frame& frame);
  void draw_choices(Frame& frame);
  void draw_runs(Frame& frame);
  void draw_status(Frame& frame);
  void draw_help(Frame& frame);
  void take_keys(Frame& frame);
  void choose_keyboard(Frame& frame);
  void copy_command();
  void save(const std::string& file, const std::function<void(const std::string&)>& write);
  void open(const std::vector<std::string>& names);
  void say(const std::string& text);
  bool makes_files() const { return !request_.screenshot.empty() || !request_.csv.empty(); }

  Window& window_;
  Request request_;
  ViewState state_, drawn_;  // drawn_: what fonts and origins were made for
  views::RunSet runs_;
  views::Messages messages_;
  Look look_;
  Asker asker_;
  LiveRuns live_;
  Kept kept_;  // of runs_
  std::vector<std::string> not_aligned_;
  std::vector<Table> tables_;
  std::string notice_, status_;
  double notice_until_ = 0, last_seconds_ = 0, last_refresh_ = 0, last_drawn_ = 0;
  bool animate_ = false, again_ = false, loading_ = false, help_ = false, want_picture_ = false,
       widgets_ = false, list_open_ = false, want_tables_ = false;
  unsigned frames_ = 0;
};

/// Opens the window, or makes the files that the request asks for. Returns the exit status.
int run_viewer(const Request& request);

}  // namespace hvlab::visualizer
