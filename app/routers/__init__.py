"""The operations."""

from fastapi import APIRouter

from app.routers import agencies

ROUTERS: tuple[APIRouter, ...] = (agencies.router,)
