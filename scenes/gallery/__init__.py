"""One module per scene, named after its prompt: `oc01_nuts` offers `SCENE` for OC01."""
