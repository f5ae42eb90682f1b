// What the view of clusters is drawn of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/views/cluster_curves.hpp"
#include "sim/views/cluster_events.hpp"
#include "sim/views/cluster_layout.hpp"
#include "sim/views/cluster_moves.hpp"
#include "sim/views/cluster_picture.hpp"
#include "sim/views/cluster_totals.hpp"
#include "sim/views/cluster_words.hpp"
#include "visualizer/frame.hpp"

namespace hvlab::visualizer {

/// What is kept of a run from frame to frame, each part with what it is of.
struct ClusterKept {
  unsigned generation = 0;
  record::ClusterTime moment = record::kClusterNever;
  record::ClusterState state;
  views::ClusterPicture picture;
  views::ClusterCurves small;  // for hosts' boxes
  views::ClusterTotals totals;
  views::TotalCurves wide;  // for the line of time
  views::EventFilter filter;
  std::string filter_language;
  std::optional<std::vector<u32>> events;  // what the filter leaves
  views::Flags flags;
  std::pair<record::ClusterTime, record::ClusterTime> flags_of{1, 0};
};

/// A run as it is drawn.
struct ClusterRun {
  views::OpenRun* run = nullptr;
  record::ClusterReader* reader = nullptr;
  ClusterKept* kept = nullptr;
  unsigned number = 0;             // among all runs, for its colour and for what is chosen
  record::ClusterTime moment = 0;  // of its own time
  views::Box area;                 // of its hosts

  const record::ClusterFacts& facts() const { return reader->facts(); }
  const views::ClusterPicture& picture() const { return kept->picture; }
};

/// What a card tells of: "2:move:12" as option.
struct ClusterChoice {
  enum class Kind : u8 { None, Host, Machine, Store, Move, Event };
  Kind kind = Kind::None;
  unsigned run = 0;  // among all, from 0
  u32 place = 0;
};
ClusterChoice choice_of(const std::string& text);
std::string text_of(const ClusterChoice& choice);

/// All that the parts draw from.
struct ClusterView {
  Frame& frame;
  std::vector<ClusterRun> runs;
  ClusterChoice chosen;
  PicosecondDelta at = 0;               // the shared cursor, or where it would be
  PicosecondDelta from = 0, until = 1;  // what the line of time shows
  bool told = false;                    // what is pointed at is told of already
  bool taken = false;                   // so is a click

  const Look& look() const { return frame.look; }
  ImDrawList* list() const { return ImGui::GetWindowDrawList(); }
  void choose(ClusterChoice::Kind kind, const ClusterRun& run, u32 place);
  void go_to(const ClusterRun& run, record::ClusterTime time);
  bool is_chosen(const ClusterRun& run, ClusterChoice::Kind kind, u32 place) const {
    return chosen.kind == kind && chosen.run == run.number && chosen.place == place;
  }
  /// The shown run of that number; null if it is not shown.
  const ClusterRun* run_of(unsigned number) const;
};

inline ImVec2 from_of(const views::Box& box) { return {box.left, box.top}; }
inline ImVec2 to_of(const views::Box& box) { return {box.right, box.bottom}; }

/// What is drawn while it lives lies over the ways of machines that move.
class OverWays {
 public:
  explicit OverWays(const ClusterView& view) : list_(view.list()) { list_->ChannelsSetCurrent(1); }
  ~OverWays() { list_->ChannelsSetCurrent(0); }
  OverWays(const OverWays&) = delete;
  OverWays& operator=(const OverWays&) = delete;

 private:
  ImDrawList* list_;
};

/// Hosts with their machines, datastores, machines on their way: in each run's area.
void draw_cluster_hosts(ClusterView& view);
/// The machines on a host, and frames of those that come, in `area` of its box.
void draw_cluster_machines(ClusterView& view, const ClusterRun& run, const views::HostPicture& host,
                           const views::Box& area);
/// How high datastores are drawn at the foot of an area.
float cluster_stores_height(const ClusterView& view, const ClusterRun& run);
void draw_cluster_stores(ClusterView& view, const ClusterRun& run, const views::Box& area);
/// Boxes on their way between hosts, whose boxes are `hosts`.
void draw_cluster_moves(ClusterView& view, const ClusterRun& run, const std::vector<views::Box>& hosts);

/// The line of time: load, flags, ruler, cursor; from `top` on. And its height.
float cluster_time_height(const ClusterView& view);
void draw_cluster_time(ClusterView& view, float top);

/// At the right: the card of what is chosen, or what goes on; below what happened.
void draw_cluster_card(ClusterView& view);
void draw_cluster_round_chart(ClusterView& view, const ClusterRun& run, const record::ClusterMove& move);
void draw_cluster_list(ClusterView& view);
/// The filter that the options say.
views::EventFilter cluster_filter(const Frame& frame);
const std::vector<u32>& cluster_events(ClusterView& view, const ClusterRun& run);
/// What is chosen with an occurrence: the move that it is of, or itself.
void choose_event(ClusterView& view, const ClusterRun& run, u32 event);

/// A curve of columns' values from 0 to `most`, filled below; what is above 1 (if `most` is more) in another
/// colour.
void draw_curve(ImDrawList* list, const views::Box& box, const float* values, u32 count, float most,
                ImU32 color, ImU32 above);
/// Whether the pointer is in the box, and nothing lies over it.
bool is_pointed_at(const views::Box& box);
/// Of a name that does not fit what stands behind its last hyphen: groups number their things.
std::string short_name(const std::string& name, float width);
/// "43 %".
std::string percent(double part);
/// What words on a fill of this colour and opacity are written in: dark on light ones, light on dark ones.
ImU32 words_on(const Look& look, ImU32 color, float opacity = 1);
/// What is said of a host in one line: "on, watches the others".
std::string host_words(const Frame& frame, const record::ClusterFacts& facts, const views::HostPicture& host);

/// For CSV.
std::vector<Table> cluster_tables(ClusterView& view);

}  // namespace hvlab::visualizer
