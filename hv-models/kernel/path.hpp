// From names to nodes. There are no symbolic links, so that "." and ".." can be taken out of a path's text.
#pragma once

#include "hv-models/kernel/node.hpp"

namespace hvlab::kernel {

inline constexpr size_t kLongestPath = 256;

/// Where a process stands: its root, and its folder as a path from there.
struct Place {
  Ref<Node> root;
  char folder[kLongestPath] = "/";
};

/// `path` as one from the root, without ".", ".." and double '/'.
int make_absolute(const Place& from, const char* path, char (&to)[kLongestPath]);
int find(const Place& from, const char* path, Ref<Node>& found);
/// What the uppermost of what is mounted at `path` covers; kInvalid if nothing is.
int find_covered(const Place& from, const char* path, Ref<Node>& covered);
/// The folder that the last name of `path` is in, and that name.
int find_parent(const Place& from, const char* path, Ref<Node>& folder, char (&name)[kLongestName + 1]);

/// The folder at the top of everything, and a folder or file made anew below it (at the start, by the
/// kernel).
Ref<Node>& root_folder();
int make_node(const char* path, NodeKind kind, Ref<Node>& made);

}  // namespace hvlab::kernel
