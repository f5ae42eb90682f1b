#include "sim/cluster/refusal.hpp"

#include <array>

namespace hvlab::cluster {

namespace {

constexpr std::array<std::string_view, static_cast<size_t>(Refusal::Count)> kTexts = {
    "done",
    "the host is not on",
    "the host is in maintenance",
    "not enough memory",
    "reservations of processor time would not fit",
    "not enough processor time for what it is planned with",
    "one that it is to be apart from is there",
    "those that it is to be with are elsewhere",
    "it is not to be on this host",
    "a system on the bare machine shares its host with nobody",
    "the host does not reach its disk",
    "the hosts share no storage with its disk, and the disk is not to be copied",
    "the hosts do not reach each other",
    "this way of virtualizing does not move running instances",
    "it is not running",
    "it is on already",
    "it is there already",
    "it is being moved",
    "the manager is down",
    "what is left is kept for failures",
    "no host takes it",
    "it writes memory faster than that can be sent",
    "a host failed",
    "it was cancelled",
    "the datastore is full",
    "its disk is a device of the array that nothing stands before",
    "disks of a pool are not copied",
};

}  // namespace

std::string_view text(Refusal refusal) { return kTexts[static_cast<size_t>(refusal)]; }

}  // namespace hvlab::cluster
