//! The node at the trunk: sketches its three channels and prints the bytes; the example `join` puts the nodes together.

#![no_std]
#![no_main]

sketchlet_embedded_demo::node_image!(2);
