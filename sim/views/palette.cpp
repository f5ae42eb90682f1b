#include "sim/views/palette.hpp"

#include <algorithm>
#include <array>

namespace hvlab::views {

namespace {

struct Named {
  std::string_view name;
  Style style;
};

// The hues are those that M. Okabe and K. Ito chose to be told apart by all kinds of colour vision ("Color
// Universal Design", 2008): orange E69F00, sky blue 56B4E9, bluish green 009E73, yellow F0E442, blue 0072B2,
// vermilion D55E00, reddish purple CC79A7; shades of one hue are of one kind (two privilege levels of a
// guest).
constexpr std::array kNamed = {
    // accounts
    Named{"guest-user", {0x009e73, 0x2bbf95, Hatch::None}},
    Named{"guest-kernel", {0x7fceb9, 0x12765a, Hatch::Rising}},
    Named{"hypervisor", {0xd55e00, 0xe8772a, Hatch::None}},
    Named{"host-kernel", {0x0072b2, 0x2f93d1, Hatch::None}},
    Named{"host-user", {0x56b4e9, 0x8bcdf2, Hatch::Falling}},
    Named{"vmm-process", {0xcc79a7, 0xd895ba, Hatch::None}},
    Named{"management-vm-kernel", {0xe69f00, 0xf0b73c, Hatch::None}},
    Named{"management-vm-user", {0xf3cf80, 0xb8841a, Hatch::Rising}},
    Named{"translation", {0x8a6d3b, 0xb39a6b, Hatch::Crossed}},
    Named{"world-switch", {0x222222, 0xf2f2f2, Hatch::Vertical}},
    Named{"idle", {0xe4e7ea, 0x2d3238, Hatch::None}},
    // what a virtual processor, a thread, a group, a device does
    Named{"running", {0x009e73, 0x2bbf95, Hatch::None}},
    Named{"exit", {0xd55e00, 0xe8772a, Hatch::None}},
    Named{"exit-handling", {0xd55e00, 0xe8772a, Hatch::None}},
    Named{"handled", {0xd55e00, 0xe8772a, Hatch::None}},
    Named{"ready", {0xf0e442, 0xd9cc2e, Hatch::Rising}},
    Named{"co-stopped", {0xcc79a7, 0xd895ba, Hatch::Crossed}},
    Named{"halted", {0xc9ced3, 0x4a525a, Hatch::Horizontal}},
    Named{"away", {0x56b4e9, 0x5f9fc4, Hatch::Falling}},
    Named{"sleeping", {0xe4e7ea, 0x2d3238, Hatch::None}},
    Named{"blocked", {0xe69f00, 0xf0b73c, Hatch::Vertical}},
    Named{"stopped", {0x8a6d3b, 0xb39a6b, Hatch::Crossed}},
    Named{"busy", {0xe69f00, 0xf0b73c, Hatch::None}},
    // machines and hosts of a cluster
    Named{"vm-off", {0xc9ced3, 0x4a525a, Hatch::Horizontal}},
    Named{"vm-starting", {0x56b4e9, 0x8bcdf2, Hatch::Falling}},
    Named{"vm-running", {0x7fceb9, 0x12765a, Hatch::None}},
    Named{"vm-short", {0xe69f00, 0xf0b73c, Hatch::Rising}},
    Named{"vm-stopped", {0xcc79a7, 0xd895ba, Hatch::Crossed}},
    Named{"vm-frozen", {0x8a6d3b, 0xb39a6b, Hatch::Crossed}},
    Named{"vm-moving", {0x0072b2, 0x2f93d1, Hatch::None}},
    Named{"host-on", {0xf4f6f8, 0x20252b, Hatch::None}},
    Named{"host-off", {0xdfe3e7, 0x2d3238, Hatch::Horizontal}},
    Named{"host-booting", {0x56b4e9, 0x5f9fc4, Hatch::Falling}},
    Named{"host-failed", {0xd55e00, 0xe8772a, Hatch::Crossed}},
    Named{"host-maintenance", {0xf0e442, 0xd9cc2e, Hatch::Rising}},
    // layers of a request's way that are no accounts
    Named{"medium", {0x5b6b7a, 0x9aabba, Hatch::Dots}},
    Named{"waiting", {0xe4e7ea, 0x2d3238, Hatch::None}},
    Named{"entry", {0x222222, 0xf2f2f2, Hatch::Vertical}},
    Named{"management-kernel", {0xe69f00, 0xf0b73c, Hatch::None}},
    Named{"management-user", {0xf3cf80, 0xb8841a, Hatch::Rising}},
};

constexpr std::array<Style, 7> kSeries = {{{0x0072b2, 0x2f93d1, Hatch::None},
                                           {0xd55e00, 0xe8772a, Hatch::None},
                                           {0x009e73, 0x2bbf95, Hatch::None},
                                           {0xcc79a7, 0xd895ba, Hatch::None},
                                           {0xe69f00, 0xf0b73c, Hatch::None},
                                           {0x56b4e9, 0x8bcdf2, Hatch::None},
                                           {0xf0e442, 0xd9cc2e, Hatch::None}}};

}  // namespace

Style style_of(std::string_view name) {
  const auto* found = std::ranges::find(kNamed, name, &Named::name);
  return found != kNamed.end() ? found->style : Style{0x9aa2aa, 0x7a828a, Hatch::Dots};
}

Style style_of_series(unsigned n) {
  Style style = kSeries[n % kSeries.size()];
  constexpr std::array kHatches = {Hatch::None, Hatch::Rising, Hatch::Falling, Hatch::Crossed};
  style.hatch = kHatches[n / kSeries.size() % kHatches.size()];
  return style;
}

}  // namespace hvlab::views
