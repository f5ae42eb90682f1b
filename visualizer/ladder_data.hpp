// What the view "ladder" shows of each run, made ready in the background and kept.
#pragma once

#include <string>
#include <vector>

#include "sim/views/exits.hpp"
#include "sim/views/ladder.hpp"
#include "visualizer/frame.hpp"

namespace hvlab::visualizer {

struct RunLadder {
  const views::OpenRun* run = nullptr;
  size_t number = 0;  // among all runs
  views::Ladder ladder;
  // Of requests:
  const views::Requests* requests = nullptr;
  const views::Requests::Group* group = nullptr;
  const std::vector<views::HopTimes>* hops = nullptr;
  views::Request request;
  // Of exits:
  views::Exit exit;
  u64 matching = 0;     // exits or requests to choose from
  size_t chosen = 0;    // which of them, in the order of time; from 0
  std::string why;      // there is no ladder; a sentence
  std::string problem;  // what was wrong with the file, though there is something
  u64 version = 0;      // which generation() of the run it is of
  double loading = -1;  // how far it is; -1: nothing is being read
};

/// Those of the runs that are shown. Sets frame.loading while something is read.
std::vector<RunLadder> ladders_of(Frame& frame);

/// The operations that any run that is shown has requests of, as far as they are read.
std::vector<observe::IoOperation> operations_of(const std::vector<RunLadder>& ladders);
/// The sizes of requests of the chosen operation, and the systems that make them.
std::vector<observe::IoTotals::Key> groups_of(const std::vector<RunLadder>& ladders,
                                              const std::string& operation);
/// The reasons of exits that there are, the most frequent first.
std::vector<std::string> reasons_of(Frame& frame);

}  // namespace hvlab::visualizer
