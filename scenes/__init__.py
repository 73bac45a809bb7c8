"""Make the images of the suite: one module per scene in `scenes.gallery`, on a small library around Blender's
`bpy`.

Everything is in metres unless a name or docstring says otherwise. This package is independent of the benchmark
package.
"""
