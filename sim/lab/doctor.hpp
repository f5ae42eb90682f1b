// hvlab doctor: what this host has for HVLab and what it lacks, with what to do about it.
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

enum class Finding : unsigned char {
  Fine,
  Optional,
  Missing
};  // Optional: something that one feature needs is not there

struct HostCheck {
  Finding finding;
  std::string subject;  // "processors"
  std::string found;    // what is there, in one line
  std::string advice;   // what to do; empty if Fine
};

/// Looks at the host: processor, memory, space for the cache, data files, cached systems, programs that some
/// commands call. Changes nothing and asks nothing of the network.
std::vector<HostCheck> examine_host();

/// The command; exit status 0, or 6 if something is missing without which HVLab does not run.
int doctor_command(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
