// What happened in a cluster: kinds, filters, words, flags on a line of time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/record/cluster_reader.hpp"
#include "sim/views/messages.hpp"
#include "sim/views/palette.hpp"

namespace hvlab::views {

/// What occurrences are of; what is filtered by, and what flags are coloured by.
enum class EventClass : u8 { Fault, Availability, Move, Round, Machine, Host, Balance, Refusal, Count };
const char* name(EventClass what);
/// Nothing for a name that this version does not know.
std::optional<EventClass> known_class(std::string_view event_name);
/// One that is not known, of a later version, counts as ordinary: as of a machine.
EventClass class_of(std::string_view event_name);
Style style_of(EventClass what);

/// Which occurrences one wants to see.
struct EventFilter {
  /// Names of classes with commas between; empty: all but rounds and the starts and stops of machines that
  /// nothing went wrong with.
  std::string classes;
  /// A part of a host's, machine's or datastore's name, or of the event's; empty: any.
  std::string text;
  bool operator==(const EventFilter&) const = default;
};

/// The places of those in reader.events(). With `say` the text may be of what the event is called, too.
std::vector<u32> filtered_events(const record::ClusterReader& reader, const EventFilter& filter,
                                 const Messages* say = nullptr);

/// The names of what it is of, in the order in which they are told: machine, host, host it goes to,
/// datastore.
std::vector<std::string> subjects_of(const record::ClusterFacts& facts, const record::ClusterEvent& event);
/// The same as one text: "web-1: host-1 → host-2", "host-1".
std::string subjects_text(const record::ClusterFacts& facts, const record::ClusterEvent& event);
/// What its value says: "1.2 GB", "310 ms", "the host is not on", a kind of fault, "12.3 %"; or empty.
std::string value_text(const record::ClusterFacts& facts, const record::ClusterEvent& event);

/// The flags of a line of time of so many columns: in each, of each class, how many there are.
struct Flags {
  u32 columns = 0;
  std::vector<u32> counts;  // [class * columns + column]
  u32 at(EventClass what, u32 column) const { return counts[static_cast<size_t>(what) * columns + column]; }
};
Flags flags_of(const record::ClusterReader& reader, record::ClusterTime from, record::ClusterTime until,
               u32 columns);

/// Among `places` (ascending) the first that happens later than `time`, or the last that happens earlier; the
/// size if there is none.
size_t next_event(const record::ClusterReader& reader, const std::vector<u32>& places,
                  record::ClusterTime time);
size_t event_before(const record::ClusterReader& reader, const std::vector<u32>& places,
                    record::ClusterTime time);

}  // namespace hvlab::views
