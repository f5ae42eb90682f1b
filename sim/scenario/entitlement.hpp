// What virtual machines are promised of the processors, and the weights by which Linux keeps it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/scenario/scenario.hpp"

namespace hvlab::scenario {

/// The cores of a list like "0-1,3" as bits; nothing if it is no list, or names one that is not below
/// `cores`.
std::optional<u64> cores_of(const std::string& list, unsigned cores);

/// Whether the vms' reservations can be kept on `cores` cores by weights alone; empty, or why not.
struct Refusal {
  size_t vm = 0;  // index
  std::string why;
};
std::optional<Refusal> refusal_of(const std::vector<Vm>& vms, unsigned cores);

/// cpu.weight of each vm. Without reservations its shares. Else so that, when all want time, each gets its
/// reservation and by its shares a part of what is not reserved; when some want none, no one gets less.
/// 1 to 10000; rounding takes no more than a hundredth of a processor.
std::vector<u64> weights_of(const std::vector<Vm>& vms, unsigned cores);

/// Carries out what an event changes.
void apply(const TimedEvent& event, std::vector<Vm>& vms);

}  // namespace hvlab::scenario
