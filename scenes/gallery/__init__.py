"""One module per scene, named after its prompt: `oc01_nuts` offers `SCENE` for OC01."""

import bpy  # noqa: F401  (bmesh and mathutils exist only once bpy is loaded)
