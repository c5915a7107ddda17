"""Objects that users configure and derive: conversion to and from configs, and checks of subclasses and of set attributes."""
