// The pane of the page walk: what its parts share.
#pragma once

#include "sim/views/walk_picture.hpp"
#include "visualizer/machine_panes.hpp"

namespace hvlab::visualizer {

/// Which reference is looked at, from 1: option machine.walk_at; the last if not given.
size_t walk_at(const ViewState& state, const views::WalkPicture& picture);

/// Where an address is typed, a register taken; the walk's modes.
void draw_walk_address(Frame& frame, const views::MachineProcessor& processor);
/// Buttons and keys that go along the walk.
void draw_walk_steps(Frame& frame, const views::WalkPicture& picture);
/// The address in its bit fields; the one that chooses the entry of `now` stands out.
void draw_walk_fields(Frame& frame, const views::MachineWalk& walk, const views::WalkPicture& picture,
                      const views::WalkReference* now);
/// The grid of references, those up to `now` filled; a click goes to one.
void draw_walk_grid(Frame& frame, const views::WalkPicture& picture, const views::WalkReference* now);

}  // namespace hvlab::visualizer
