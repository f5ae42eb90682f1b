// What views let one choose. An option stands here once: the command line, the window's memory and "copy as
// command" take it from here.
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

const std::vector<ViewOption>& all_options() {
  static const std::vector<ViewOption> kOptions = {
      {"exits.by", "reason", "what a row is: reason, machine, vcpu, vcpu-reason"},
      {"exits.reason", "", "only exits for this reason"},
      {"exits.vm", "", "only those of this virtual machine"},
      {"exits.vcpu", "", "only those of the virtual processor of this number"},
      {"exits.least", "", "of single exits only those of so many cycles or more"},
      {"exits.most", "", "and of so many or fewer"},
      {"exits.measure", "count", "what the table of several runs shows: count, rate, cycles, mean, p50, p99"},
      {"exits.run", "",
       "the number of the run whose flame and single exits are shown; the first with exits if not given"},
      {"exits.flame", "core", "the flame's first level: core or machine"},
      {"exits.idle", "no", "whether the flame shows idle processors too"},
      {"exits.path", "", "the box of the flame that is looked into: 0.2 is the third within the first"},
      {"exits.order", "time", "of single exits: time, or cost"},
      {"exits.page", "1", "of single exits"},
      {"ladder.mode", "request", "request, or exit: one exit of a virtual machine"},
      {"ladder.operation", "write", "read, write, flush, discard, round-trip, ping, send, receive"},
      {"ladder.group", "",
       "SYSTEM:BYTES of the requests (system 0: the machine's own); what programs ask for if not given"},
      {"ladder.request", "median",
       "which request: quickest, median, p90, p99, slowest, or its number in time"},
      {"ladder.reason", "npf", "the exit's reason"},
      {"ladder.exit", "median",
       "which exit of the shown span for that reason, as of requests; @TIME: the next one from then on, in "
       "picoseconds"},
      {"ladder.scale", "short", "short: waits are cut, or time: all to scale"},
      {"ladder.at", "",
       "how far the requests have walked, in picoseconds along the scale; all of it if not given"},
      {"ladder.from", "", "where the picture begins, in picoseconds along the scale"},
      {"ladder.until", "", "and where it ends"},
      {"ladder.seconds", "10", "that playing takes"},
      {"ladder.measure", "mean", "what the table of several runs shows: mean, p50, p90, p99, max"},
      {"compare.phase", "", "the phase whose figures are compared; else all"},
      {"compare.baseline", "", "what the others are compared with, by its heading; else the first"},
      {"compare.window", "0", "the width of what counters are of around the cursor, in ps; 0: a hundredth"},
      {"live.run", "",
       "the number of the run that the keys of live runs are for; else the first that is live"},
      {"live.to", "", "VM:VCPU whose exits are stepped to; else any"},
      {"machine.address", "", "the linear address whose page walk is shown, like 0xffffffff80100000"},
      {"machine.before", "", "the moment that changes are counted from, in ps of the shared cursor"},
      {"machine.processor", "",
       "the processor that is shown, from 0; VM:VCPU: that virtual one; the first if not given"},
      {"sweep.folder", "", "the sweep that is shown; else the one that the first run is a cell of"},
      {"sweep.metric", "", "what is drawn; else workload.time, or what the sweep moves most"},
      {"sweep.axis", "", "against what; else the first that was varied"},
      {"timeline.follow", "yes", "of a live run: while the newest is in sight, the span goes on with it"},
      {"timeline.filter", "", "only what fits: kind=..., lane=..."},
      {"timeline.search", "", "the text that n and N go to"},
      {"lesson.step", "0", "which step of the lesson, from 0"},
      {"lesson.answers", "", "what was predicted: nNUMBER, oOPTION or -, each with a comma behind"},
      {"lesson.runs", "", "the runs that the lesson made: SCENARIO=DIRECTORY;..."},
      {"lesson.view", "", "the view beside the text"},
      {"lesson.console", "no", "whether the runs' consoles are below that view"},
      {"lesson.shown", "", "what the text last asked that view for"},
      {"timeline.toggled", "", "headings that are folded or opened, with ';' between: devices;vm 1"},
      {"timeline.scroll", "0", "how far the lanes are scrolled, in pixels at scale 1"},
      {"timeline.instructions", "auto",
       "single instructions: auto: where a cycle has two pixels; yes: in any span of at most 8 us; no"},
      {"timeline.skew", "yes", "plots how far virtual processors are ahead of each other"},
  };
  return kOptions;
}

}  // namespace hvlab::visualizer
