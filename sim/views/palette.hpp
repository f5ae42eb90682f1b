// Colour and hatch of what is shown: the same in the window and in the report.
#pragma once

#include <string_view>

#include "sim/base/types.hpp"
#include "sim/record/trace_reader.hpp"

namespace hvlab::views {

/// Lines drawn over a filled area, so that states can be told apart without colour.
enum class Hatch : u8 { None, Rising, Falling, Crossed, Horizontal, Vertical, Dots };

struct Style {
  u32 light = 0;  // 0xRRGGBB of the fill, on a light ground
  u32 dark = 0;   // on a dark ground
  Hatch hatch = Hatch::None;
};

/// Of an account of the ledger, a state of a virtual processor, thread, device or group, or a layer of a
/// request's way, by its name as it is stored ("guest-kernel", "co-stopped", "running", "medium"). A name
/// that is not known has a plain grey.
Style style_of(std::string_view name);

/// Of the n-th run, way or machine of several: seven colours, then again with hatches.
Style style_of_series(unsigned n);

}  // namespace hvlab::views
