// Which architecture a way or a teaching system stands for. Rules of claims ask this table and name none
// themselves.
#pragma once

#include <span>
#include <string>

namespace hvlab::analysis {

enum class Layer { None, Processes, OperatingSystem, Hypervisor, Hosted, Partition };

struct Architecture {
  const char* way;
  Layer layer;
};

/// All of them, operating-system level first, those without isolation last.
std::span<const Architecture> architectures();

/// Its instances are kept from each other by something above a plain process.
bool is_isolated(Layer layer);

/// The row of a way or model; null for one that claims say nothing of.
const Architecture* architecture(const std::string& way);

/// Ways that are compared with each other: alike in everything but where their virtualization layer is, the
/// technique of their guests' devices included.
struct Series {
  const char* technique;  // of the devices: "emulated devices"
  const char* bare;
  const char* container;
  const char* hypervisor;
  const char* hosted;
  const char* partition;  // "": none is comparable
  const char* limit;      // what makes its hypervisor less than that; "": nothing
};

/// All of them; those of Debian's ways and those of the teaching systems.
std::span<const Series> series();

/// A teaching system and the way of Debian's that it is a small picture of.
struct Counterpart {
  const char* model;
  const char* way;
  const char* differs;  // the difference that shows most in figures, and why it is there; a sentence
};

/// All that have one, in the order in which they are shown; what the others are compared with first.
std::span<const Counterpart> counterparts();

}  // namespace hvlab::analysis
