// The table of views, and of what each has to choose.
#pragma once

#include <string_view>
#include <vector>

namespace hvlab::visualizer {

struct Frame;

struct View {
  const char* name;  // on command lines; "view.NAME" is its title's message
  void (*draw)(Frame& frame);
};

/// In the order of their tabs and of the keys 1, 2, ...
const std::vector<View>& all_views();

/// A thing that a view lets one choose: what ViewState::options holds.
struct ViewOption {
  const char* key;            // "timeline.filter"
  const char* default_value;  // "yes" and "no" of flags
  const char* help;           // in English, for --help
};

const std::vector<ViewOption>& all_options();

// Each in a file of its own.
void draw_compare(Frame& frame);
void draw_ladder(Frame& frame);
void draw_timeline(Frame& frame);
void draw_exits(Frame& frame);
void draw_machine(Frame& frame);
void draw_sweep(Frame& frame);
void draw_lesson(Frame& frame);
void draw_cluster(Frame& frame);

}  // namespace hvlab::visualizer
